import { keepPreviousData, useQuery } from '@tanstack/react-query';

/** What a read gave: nothing yet, a value (an older one stays while it is read again), or no answer at all. */
export type Reading<T> = Readonly<{ value: T | null; failed: boolean; busy: boolean; again: () => void }>;

/** Reads when the section opens, when `key` changes, when the window comes back to the front and when asked again. */
export function useReading<T>(key: string, read: () => Promise<T>): Reading<T> {
  const { data, isError, isFetching, refetch } = useQuery({
    queryKey: [key],
    queryFn: read,
    placeholderData: keepPreviousData,
    // The core is on this machine: whether there is an internet says nothing about it.
    networkMode: 'always',
    retry: 1,
    retryDelay: 500,
    gcTime: 0,
  });
  return { value: data ?? null, failed: isError, busy: isFetching, again: () => void refetch() };
}
