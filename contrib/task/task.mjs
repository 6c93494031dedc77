// The task of docs/embedding.md, with clients/js.
import { Client } from "skad";

const node = new Client({ waitMs: 30_000 });
const text = (bytes) => new TextDecoder().decode(bytes);
for await (const status of node.watchStatus({ everyS: 1 })) {
  if (status.joined) break;
}

const { key } = await node.put("hello");
console.log(text((await node.get(key)).value));

const me = (await node.status()).public_key;
await node.publish("one", { salt: "task" });
for await (const change of node.watchRecord(me, { salt: "task", everyS: 5 })) {
  console.log(text(change.value));
  if (text(change.value) === "two") break;
  await node.publish("two", { salt: "task" });
}
