use super::*;

/// Far longer than anything here takes, however slow the machine.
const LONG: Duration = Duration::from_secs(600);

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

fn queue(limits: QueueLimits) -> (ExportQueue<u32>, Receiver<u32>) {
    let (to, taken) = mpsc::channel();
    (ExportQueue::start(limits, Forward(to)).unwrap(), taken)
}

#[test]
fn every_item_is_processed_or_counted_as_dropped_while_others_flush_and_close() {
    for round in 0..200 {
        let limits = QueueLimits {
            queue: 1 + round % 40,
            bytes: usize::MAX,
            batch: 1 + round % 7,
            chunk: 1 + round % 3,
            delay: LONG,
        };
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
        let (queue, taken) = queue(QueueLimits { queue: 10, bytes: usize::MAX, batch: 10, chunk: 10, delay });
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
    let limits = QueueLimits { queue: 1, bytes: usize::MAX, batch: 1, chunk: 1, delay: LONG };
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
    let limits = QueueLimits { queue: 10, bytes: usize::MAX, batch: 10, chunk: 1, delay: LONG };
    let queue = ExportQueue::start(limits, Panics(to)).unwrap();
    assert!((0..3).all(|item| queue.push(item)));
    assert!(queue.flush(LONG) && queue.close(LONG));
    assert_eq!(taken.iter().collect::<Vec<_>>(), [0, 2]);
}
