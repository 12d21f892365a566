// SPDX-License-Identifier: Apache-2.0

//! End of a front, and faults of its start.

use super::*;

#[test]
fn a_graceful_shutdown_waits_for_requests_in_progress() {
	let (front, paths) = start(short());
	let mut idle = connect(&front);
	ask(&mut idle, &get("/peer"));
	let mut busy = connect(&front);
	busy.write_all(get("/wait").as_bytes()).unwrap();
	until("begun", || paths.begun.load(Relaxed) == 1);
	let address = front.local_addr();
	let waiter = std::thread::spawn(move || front.shutdown(Duration::from_secs(20)));
	until("closed", || paths.closed.load(Relaxed));
	until("refused", || TcpStream::connect(address).is_err());
	assert_eq!(idle.read(&mut [0]).unwrap(), 0);
	paths.go.store(true, Relaxed);
	assert!(answer(&mut busy).ends_with("waited"));
	assert!(waiter.join().unwrap());
}

#[test]
fn a_shutdown_ends_when_its_time_is_over() {
	let (front, paths) = start(short());
	let mut busy = connect(&front);
	busy.write_all(get("/wait").as_bytes()).unwrap();
	until("begun", || paths.begun.load(Relaxed) == 1);
	assert!(!front.shutdown(Duration::from_millis(50)));
	assert_eq!(paths.dropped.load(Relaxed), 1);
}

#[test]
fn connections_are_spread_over_the_workers() {
	struct Worker(usize);
	impl Handler for Worker {
		async fn handle(&self, _: Peer, _: Request<Incoming>) -> Response<Body> {
			Response::new(self.0.to_string().into())
		}
	}
	let front = serve(FrontSettings { workers: 3, ..short() }, Worker).unwrap();
	let mut open = Vec::new();
	let mut served = [0; 3];
	for _ in 0..12 {
		let mut socket = connect(&front);
		let answer = ask(&mut socket, &get("/"));
		served[answer.rsplit('\n').next().unwrap().parse::<usize>().unwrap()] += 1;
		open.push(socket);
	}
	assert_eq!(served, [4, 4, 4]);
}

#[test]
fn a_start_that_fails_names_its_reason() {
	let (front, paths) = start(short());
	let taken = vec![Listener::plain(front.local_addr())];
	let made = paths.clone();
	let refused = serve(FrontSettings { listeners: taken, ..short() }, move |_| made.clone());
	assert!(
		matches!(refused, Err(FrontError::Listen(address, _)) if address == front.local_addr())
	);
	let none = serve(FrontSettings { listeners: vec![], ..short() }, move |_| paths.clone());
	assert!(matches!(none, Err(FrontError::NoListener)));
}
