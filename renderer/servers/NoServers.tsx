import { EmptyState } from '../ui/EmptyState.tsx';
import styles from './ServersView.module.css';

/** What to do where no mission has a server yet. */
export function NoServers() {
  return (
    <section className={styles.empty} aria-label="Servers">
      <EmptyState icon="lock" title="No MCP server yet">
        Sign in to an MCP server in any mission: <code className={styles.code}>/mcp</code> in Claude
        Code. It appears here and everywhere.
      </EmptyState>
    </section>
  );
}
