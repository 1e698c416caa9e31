import { originOf } from './scheme.ts';
import { strict } from './strict.ts';

/** A document's frame as main sees it: a page's own (`mainFrame`), or one that a test makes up. */
export class WebFrameMain {
  readonly frameTreeNodeId = 1;
  readonly processId = 4;
  readonly routingId = 5;
  readonly name = '';
  readonly detached = false;
  readonly parent: WebFrameMain | null;
  readonly #url: () => string;
  /** While a test makes the page say it is elsewhere. */
  _pretended: string | undefined;

  constructor(url: () => string, parent: WebFrameMain | null = null) {
    this.#url = url;
    this.parent = parent;
  }
  get url(): string {
    return this._pretended ?? this.#url();
  }
  get origin(): string {
    return originOf(this.url);
  }
  get top(): WebFrameMain {
    return this.parent ?? strict('WebFrameMain', this);
  }
  get frames(): WebFrameMain[] {
    return [];
  }
  get framesInSubtree(): WebFrameMain[] {
    return [strict('WebFrameMain', this)];
  }
  isDestroyed(): boolean {
    return false;
  }
}
