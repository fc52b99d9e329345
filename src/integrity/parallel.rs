//! The same work on many items, on several threads, results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `work` for `0..count` with a state of the thread, and returns the results in that order.
pub fn map<S, T: Send>(
    count: usize,
    threads: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let run = || {
        let mut state = state();
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            mine.push((at, work(&mut state, at)));
        }
        done.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .append(&mut mine);
    };
    std::thread::scope(|scope| {
        // A thread that cannot be had is work for the others.
        for _ in 1..threads.clamp(1, count.max(1)) {
            if std::thread::Builder::new()
                .spawn_scoped(scope, run)
                .is_err()
            {
                break;
            }
        }
        run();
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_their_order_whatever_the_threads() {
        for threads in [0, 1, 3, 100] {
            let found = super::map(50, threads, || (), |(), at| at * 2);
            assert_eq!(found, (0..50).map(|at| at * 2).collect::<Vec<_>>());
        }
        assert!(super::map(0, 4, || (), |(), at| at).is_empty());
    }
}
