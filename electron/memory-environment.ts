/**
 * The environment in which glibc gives back what is free: for whoever starts a host. A heap for each thread is
 * two too many for a till's few; and what a worker of the night takes in large pieces goes back to the machine at once,
 * and is not kept for the next night.
 */
export const MEMORY_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;
