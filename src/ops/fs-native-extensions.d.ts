/** The part of fs-native-extensions that file locks use. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive advisory lock on a whole file; false if somebody else holds it. */
  export function tryLock(fd: number): boolean;
}
