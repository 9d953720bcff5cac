/** Tasks that wait for each other. */

/** Makes a queue: each task begins when the one before it has ended, also where that failed. */
export function startQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}
