/** The package has no types of its own; these are the calls that are used. */
declare module 'fs-native-extensions' {
  const native: {
    tryLock(descriptor: number, options: { readonly shared: boolean }): boolean;
  };
  export default native;
}
