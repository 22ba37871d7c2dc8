use super::*;

/// Far longer than anything takes here, however slow the machine.
const LONG: Duration = Duration::from_secs(600);

/// Passes on what it takes.
struct Passes(Sender<u32>);

impl Consumer<u32> for Passes {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        for item in chunk.drain(..) {
            let _ = self.0.send(item);
        }
    }
}

/// Waits until it is let go, then passes on what it takes.
struct Waits(Receiver<()>, Sender<u32>);

impl Consumer<u32> for Waits {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        let _ = self.0.recv();
        chunk.drain(..).for_each(|item| self.1.send(item).unwrap());
    }
}

/// Passes on what it takes, unless that holds a 1.
struct Panics(Sender<u32>);

impl Consumer<u32> for Panics {
    fn take(&mut self, chunk: &mut Vec<u32>, _: u64) {
        assert!(!chunk.contains(&1), "as it should");
        chunk.drain(..).for_each(|item| self.0.send(item).unwrap());
    }
}

fn lane(limits: Limits) -> (Lane<u32>, Receiver<u32>) {
    let (to, taken) = mpsc::channel();
    (Lane::start(limits, Passes(to)).unwrap(), taken)
}

#[test]
fn each_item_is_taken_or_counted_while_others_flush_and_close() {
    for round in 0..200 {
        let limits = Limits {
            queue: 1 + round % 40,
            bytes: usize::MAX,
            batch: 1 + round % 7,
            chunk: 1 + round % 3,
            delay: LONG,
        };
        let (lane, taken) = lane(limits);
        let accepted: usize = thread::scope(|scope| {
            let pushing = || (0..500).filter(|item| lane.push(*item)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(pushing)).collect();
            assert!(lane.flush(LONG));
            if round % 2 == 0 {
                lane.stop();
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!(lane.close(LONG));
        assert_eq!(taken.iter().count(), accepted);
        assert_eq!(lane.dropped(), 2000 - accepted as u64);
        assert!(
            !lane.push(0) && lane.flush(LONG) && lane.close(LONG),
            "a closed lane takes nothing, and waits for nothing"
        );
        lane.push_within(0, LONG);
        assert_eq!(lane.dropped(), 2002 - accepted as u64);
    }
}

#[test]
fn what_comes_alone_is_taken_after_the_delay_however_long_nothing_came() {
    for delay in [Duration::ZERO, Duration::from_micros(20), Duration::from_millis(1)] {
        let (lane, taken) = lane(Limits { queue: 10, bytes: usize::MAX, batch: 10, chunk: 10, delay });
        for item in 0..500 {
            assert!(lane.push(item));
            assert_eq!(taken.recv_timeout(LONG), Ok(item));
        }
    }
}

#[test]
fn what_may_wait_gets_the_room_that_others_leave() {
    let (go, gate) = mpsc::channel::<()>();
    let (to, taken) = mpsc::channel();
    let limits = Limits { queue: 1, bytes: usize::MAX, batch: 1, chunk: 1, delay: LONG };
    let lane = Lane::start(limits, Waits(gate, to)).unwrap();
    thread::scope(|scope| {
        for item in 0..4 {
            let lane = &lane;
            scope.spawn(move || lane.push_within(item, LONG));
        }
        drop(go); // from now on nothing holds the consumer up
        let mut all: Vec<_> = (0..4).map(|_| taken.recv_timeout(LONG).unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3]);
    });
    assert_eq!(lane.dropped(), 0);
}

#[test]
fn a_consumer_that_panics_loses_its_chunk_and_nothing_else() {
    let (to, taken) = mpsc::channel();
    let limits = Limits { queue: 10, bytes: usize::MAX, batch: 10, chunk: 1, delay: LONG };
    let lane = Lane::start(limits, Panics(to)).unwrap();
    assert!((0..3).all(|item| lane.push(item)));
    assert!(lane.flush(LONG) && lane.close(LONG));
    assert_eq!(taken.iter().collect::<Vec<_>>(), [0, 2]);
}
