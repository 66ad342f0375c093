// The apps' encryption (encryption.md 8), written from its description with nothing but node:crypto.
//
//     node seal.mjs < jobs.json
//
// reads a list of jobs {do: "derive" | "seal" | "open", ...} and prints the list of their results.

import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";

const ROUNDS = 10_000;

function derive({ password, account_id, salt1, salt2 }) {
  const hash = pbkdf2Sync(Buffer.from(password, "utf8"), Buffer.from(salt2, "utf8"), ROUNDS, 32, "sha1").toString("base64");
  return pbkdf2Sync(`${account_id}:${hash}\n`, salt1, ROUNDS, 32, "sha1").toString("hex");
}

// Android's base64 breaks after every 76 characters and ends with a line feed.
function base64(bytes, android) {
  const compact = bytes.toString("base64");
  return android ? compact.replace(/.{1,76}/g, "$&\n") : compact;
}

function seal({ key, data, android }) {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", Buffer.from(key, "hex"), iv);
  const sealed = Buffer.concat([cipher.update(Buffer.from(data, "hex")), cipher.final()]);
  return `${base64(iv, android)}-:-${base64(sealed, android)}`;
}

function open({ key, wire }) {
  const [iv, sealed] = wire.split("-:-").map((half) => Buffer.from(half.replace(/\s/g, ""), "base64"));
  const decipher = createDecipheriv("aes-256-cbc", Buffer.from(key, "hex"), iv);
  return Buffer.concat([decipher.update(sealed), decipher.final()]).toString("hex");
}

const work = { derive, seal, open };
const jobs = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(jobs.map((job) => work[job.do](job))));
