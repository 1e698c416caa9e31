/** Titles of alerts about the engine itself, alike in the window and in notifications. Pure. */
export const engineAlertTitles = {
  broadcast: 'Other programs cannot be told',
  note: 'A server may stay disconnected',
  state: 'Something could not be noted down',
  log: 'The sync log cannot be written',
  refresh: 'New tokens are not everywhere yet',
  watch: 'A folder cannot be watched',
  damaged: 'A file of AgenC Bar was damaged',
  lock: 'Two engines could run at once',
  defect: 'Something went wrong inside',
} as const;
