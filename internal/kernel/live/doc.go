// Package live pushes to open pages what happened, on every node, as server-sent events.
//
// A Hub follows the outbox, which all nodes share, and maps each event to topics with functions that modules give. A
// page names the topics it wants; the handler that the page's stream reaches authorises them and calls Serve:
//
//	hub, err := live.New(live.Deps{Events: outbox, Clock: c, Log: log, Metrics: reg, Topics: topics})
//	err = hub.Serve(w, r, []string{"desk.ticket." + id})
//
// # What a page gets
//
//	event: desk.ticket.0198…
//	id: 4711
//	data: 4711
//
// It is told that something happened, never what: no personal data pass here, and the page fetches its fragment
// through the same permissions as ever. It gets each event of its topics once and in order. A browser that comes back,
// to whichever node, sends the id it saw last and is told what it missed. A page that was away for more than Replay
// events or longer than they are kept, or that speaks of positions that never were, gets the event "reset" and fetches
// everything it shows again. A page that carries Hub.Position, taken before its data were read, as the query
// parameter "since" misses nothing between its making and its connecting.
//
// # Limits
//
// What another node did is told after the poll of the outbox (250 ms). A client that does not take messages is
// dropped, not buffered without bound: after Queue messages, or when a write takes longer than WriteWithin. It comes
// back and is told the rest. A connection ends after Life, so that the client is authorised anew, and comes back
// in two seconds. Serve needs a ResponseWriter that http.ResponseController can flush; it lifts the server's read and write
// timeouts for its connection. http.Server.Shutdown waits for streams: stop the Hub before it.
//
// A session, told by its cookie, has at most Each connections on this node, so that it cannot take the places of all
// others.
//
// There are no tables.
package live
