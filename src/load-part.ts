// Loads the parts of pynet that the build keeps in files of their own, so that no start reads them all.

/** Whether this is the build, which says so; the sources don't know the name. */
declare const IS_BUILD: boolean | undefined

/** Loads `src/<path>.ts`, or the file that the build has made of it. */
export async function loadPart(path: string): Promise<unknown> {
  if (typeof IS_BUILD === 'undefined') {
    const source = `./${path}.ts`
    return import(source)
  }
  // The build is CommonJS: a require costs less there than to start the loader of ES modules.
  const built = `./${path.split('/').at(-1)}.js`
  return require(built)
}
