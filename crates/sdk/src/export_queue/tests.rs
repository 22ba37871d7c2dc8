use super::*;

/// Far longer than anything here takes, however slow the machine.
const LONG: Duration = Duration::from_secs(600);

impl Queued for u32 {
    /// Items from 1000 have a size.
    fn bytes(&self) -> usize {
        if *self >= 1000 { *self as usize } else { 0 }
    }

    /// Items from 900 are roots, from 800 have children.
    fn rank(&self) -> Rank {
        match self % 1000 {
            900.. => Rank::Root,
            800..900 => Rank::Inner,
            _ => Rank::Leaf,
        }
    }
}

const LIMITS: QueueLimits =
    QueueLimits { queue: 10, bytes: usize::MAX, batch: 10, chunk: 10, chunk_bytes: usize::MAX, delay: LONG };

/// Forwards each item.
struct Forward(Sender<u32>);

impl Consumer<u32> for Forward {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        for item in chunk.drain(..) {
            let _ = self.0.send(item);
        }
    }
}

/// Blocks until the channel yields or closes, then forwards each item.
struct Block(Receiver<()>, Sender<u32>);

impl Consumer<u32> for Block {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        let _ = self.0.recv();
        chunk.drain(..).for_each(|item| self.1.send(item).unwrap());
    }
}

/// Forwards each item, but panics if the chunk contains a 1.
struct Panics(Sender<u32>);

impl Consumer<u32> for Panics {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        assert!(!chunk.contains(&1), "intended");
        chunk.drain(..).for_each(|item| self.0.send(item).unwrap());
    }
}

/// Sends the size of each chunk.
struct Sizes(Sender<usize>);

impl Consumer<u32> for Sizes {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        self.0.send(chunk.len()).unwrap();
    }
}

fn queue(limits: QueueLimits) -> (ExportQueue<u32>, Receiver<u32>) {
    let (to, taken) = mpsc::channel();
    (ExportQueue::start(limits, Forward(to)).unwrap(), taken)
}

#[test]
fn every_item_is_processed_or_counted_as_dropped_while_others_flush_and_close() {
    for round in 0..200 {
        let limits =
            QueueLimits { queue: 1 + round % 40, batch: 1 + round % 7, chunk: 1 + round % 3, ..LIMITS };
        let (queue, taken) = queue(limits);
        let accepted: usize = thread::scope(|scope| {
            let pushing = || (0..500).filter(|item| queue.push(*item)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(pushing)).collect();
            assert!(queue.flush(LONG));
            if round % 2 == 0 {
                queue.stop();
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!(queue.close(LONG));
        assert_eq!(taken.iter().count(), accepted);
        assert_eq!(queue.dropped(), 2000 - accepted as u64);
        assert!(
            !queue.push(0) && queue.flush(LONG) && queue.close(LONG),
            "a closed queue accepts nothing and never blocks"
        );
        queue.push_within(0, LONG);
        assert_eq!(queue.dropped(), 2002 - accepted as u64);
    }
}

#[test]
fn a_single_item_is_processed_after_the_delay_even_after_a_long_pause() {
    for delay in [Duration::ZERO, Duration::from_micros(20), Duration::from_millis(1)] {
        let (queue, taken) = queue(QueueLimits { delay, ..LIMITS });
        for item in 0..500 {
            assert!(queue.push(item));
            assert_eq!(taken.recv_timeout(LONG), Ok(item));
        }
    }
}

#[test]
fn push_within_gets_the_room_that_others_free() {
    let (go, gate) = mpsc::channel::<()>();
    let (to, taken) = mpsc::channel();
    let limits = QueueLimits { queue: 1, batch: 1, chunk: 1, ..LIMITS };
    let queue = ExportQueue::start(limits, Block(gate, to)).unwrap();
    thread::scope(|scope| {
        for item in 0..4 {
            let queue = &queue;
            scope.spawn(move || queue.push_within(item, LONG));
        }
        drop(go); // unblocks the consumer
        let mut all: Vec<_> = (0..4).map(|_| taken.recv_timeout(LONG).unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3]);
    });
    assert_eq!(queue.dropped(), 0);
}

#[test]
fn a_consumer_that_panics_loses_its_chunk_and_nothing_else() {
    let (to, taken) = mpsc::channel();
    let limits = QueueLimits { chunk: 1, ..LIMITS };
    let queue = ExportQueue::start(limits, Panics(to)).unwrap();
    assert!((0..3).all(|item| queue.push(item)));
    assert!(queue.flush(LONG) && queue.close(LONG));
    assert_eq!(taken.iter().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(queue.panicked(), 1);
}

/// A queue whose consumer has one item and takes no other until the sender is used or dropped.
fn stuck(limits: QueueLimits) -> (ExportQueue<u32>, Sender<()>, Receiver<u32>) {
    let (go, gate) = mpsc::channel();
    let (to, taken) = mpsc::channel();
    let queue = ExportQueue::start(QueueLimits { batch: 1, chunk: 1, ..limits }, Block(gate, to)).unwrap();
    assert!(queue.push(0));
    while queue.shared.in_work.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    (queue, go, taken)
}

#[test]
fn leaves_leave_room_for_what_has_children_and_that_for_roots() {
    let (queue, go, taken) = stuck(QueueLimits { queue: 16, ..LIMITS });
    let pushed = |items: std::ops::Range<u32>| items.filter(|item| queue.push(*item)).count();
    assert_eq!((pushed(1..100), pushed(800..900), pushed(900..999)), (12, 2, 2));
    assert_eq!(queue.unfinished(), 17);
    drop(go);
    assert!(queue.close(LONG));
    assert_eq!(taken.iter().filter(|item| *item >= 800).count(), 4);
    assert_eq!(queue.unfinished(), 0);
}

#[test]
fn the_size_of_items_is_bounded_until_they_are_processed() {
    let (queue, go, taken) = stuck(QueueLimits { queue: 100, bytes: 40_000, ..LIMITS });
    assert!(queue.push(20_000) && queue.push(10_000) && !queue.push(1_000), "three quarters are for leaves");
    assert!(queue.push(4_800) && !queue.push(4_800) && queue.push(3_900));
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!((taken.recv_timeout(LONG), taken.recv_timeout(LONG)), (Ok(0), Ok(20_000)));
    queue.push_within(10_001, LONG); // waits until the large one is processed
    drop(go);
    assert!(queue.close(LONG));
    assert_eq!(taken.iter().collect::<Vec<_>>(), [10_000, 4_800, 3_900, 10_001]);
}

#[test]
fn a_chunk_ends_when_it_is_large() {
    let (to, sizes) = mpsc::channel();
    let queue = ExportQueue::start(QueueLimits { chunk_bytes: 3000, ..LIMITS }, Sizes(to)).unwrap();
    for item in [1000, 1001, 1002, 9000, 5] {
        assert!(queue.push(item));
    }
    assert!(queue.close(LONG));
    assert_eq!(sizes.iter().collect::<Vec<_>>(), [3, 1, 1]);
}

#[test]
fn hurry_shortens_the_delay_of_what_was_pushed() {
    for round in 0..300 {
        let (queue, taken) = queue(QueueLimits { queue: 100, batch: 100, ..LIMITS });
        for item in 0..round % 5 {
            assert!(queue.push(item));
            queue.hurry(Duration::from_micros(u64::from(round)));
            assert_eq!(taken.recv_timeout(LONG), Ok(item));
        }
        queue.hurry(Duration::MAX);
    }
}
