// Notes of each test what it needs of a server, and, with ADAPT=bytes, lets tests of byte streams run against a server that holds
// JSON: each body goes as one JSON string, in which a character is a byte, and what is read comes back as the bytes of all of them.
import { afterEach, beforeEach } from "vitest"

const adapts = process.env.ADAPT === "bytes"
const real = globalThis.fetch
const created = new Map() // the type of each stream that is not JSON, by its path
let needs = new Set()

beforeEach(() => {
  needs = new Set()
})

afterEach(({ task }) => {
  task.meta.needs = [...needs].sort()
})

const isJson = (type) => type.split(";")[0].trim().toLowerCase() === "application/json"

function note(method, headers) {
  const type = headers.get("content-type")
  if (type && !isJson(type) && (method === "PUT" || method === "POST")) {
    needs.add("bytes")
  }
  for (const [header, need] of [
    ["stream-forked-from", "forks"],
    ["stream-ttl", "expiry"],
    ["stream-expires-at", "expiry"],
    ["producer-id", "producers"],
    ["producer-epoch", "producers"],
    ["producer-seq", "producers"],
    ["stream-seq", "sequence"],
  ]) {
    if (headers.has(header)) {
      needs.add(need)
    }
  }
  if (method === "OPTIONS") {
    needs.add("preflight")
  }
}

async function bytes(body) {
  return body == null ? new Uint8Array() : new Uint8Array(await new Response(body).arrayBuffer())
}

const asText = (all) => Array.from(all, (byte) => String.fromCharCode(byte)).join("")
const asBytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0))

globalThis.fetch = async (input, init = {}) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const method = (init.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase()
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}))
  note(method, headers)
  const type = headers.get("content-type")
  if (!adapts || (type ? isJson(type) : !created.has(url.pathname))) {
    return real(input, init)
  }
  let sent = { ...init, headers }
  if (type && (method === "PUT" || method === "POST")) {
    const body = await bytes(init.body)
    headers.set("content-type", "application/json")
    sent = { ...sent, body: body.length ? JSON.stringify(asText(body)) : undefined }
  }
  const response = await real(input, sent)
  if (method === "PUT" && response.ok) {
    created.set(url.pathname, type)
  }
  const known = created.get(url.pathname)
  const got = new Headers(response.headers)
  if (!response.ok || !known || !isJson(got.get("content-type") ?? "")) {
    return response
  }
  got.set("content-type", known)
  got.delete("content-length")
  const body = method === "GET" && response.status === 200 ? asBytes((await response.json()).join("")) : null
  return new Response(body, { status: response.status, headers: got })
}
