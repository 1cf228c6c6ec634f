// Reads a log with the protocol's own client, and prints what it got: a line of JSON for each batch, and one for the end.
// node client.mjs <url> <offset> <live: false, sse or long-poll>
import { stream } from "@durable-streams/client"

const [url, offset, live] = process.argv.slice(2)
const say = (line) => console.log(JSON.stringify(line))

const response = await stream({ url, offset, live: live === "false" ? false : live, json: true })
if (live === "false") {
  const items = await response.json()
  say({ items, offset: response.offset, upToDate: response.upToDate, closed: response.streamClosed })
} else {
  response.subscribeJson(async (batch) => say({ items: batch.items, offset: batch.offset }))
  await response.closed
  say({ end: true, offset: response.offset, closed: response.streamClosed })
}
