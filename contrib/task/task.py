# The task of docs/embedding.md, with clients/python.
import skad

with skad.Client(wait=30) as node:
    for status in node.watch_status(every_s=1):
        if status["joined"]:
            break

    key = node.put("hello")["key"]
    print(node.get(key)["value"].decode())

    me = node.status()["public_key"]
    node.publish("one", salt="task")
    with node.watch_record(me, salt="task", every_s=5) as changes:
        for change in changes:
            print(change["value"].decode())
            if change["value"] == b"two":
                break
            node.publish("two", salt="task")
