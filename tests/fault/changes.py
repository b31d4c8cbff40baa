# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a gateway in its life: it is told to read its configuration again, with another word or another file, and its
provider goes away and comes back. Each is a function of the world, the log and chance; traffic goes on meanwhile."""
import shutil
import signal
import socket
import ssl


def reload(w, log, _chance=None):
    """As it is."""
    log.read()
    before, refused = log.events["config.reload"], len(log.errors)
    w.gateway.write()
    w.gateway.kill(signal.SIGHUP)

    def is_read():
        log.read()
        return log.events["config.reload"] > before

    w.wait(is_read, "the configuration is read again")
    if len(log.errors) > refused:
        w.books.fault("reload", log.errors[-1])


def participant(w, log, _chance):
    """One more, and again without."""
    known = w.gateway.conf["participants"]
    guest = {"name": "guest", "sender_ids": "guest_is", "certificates": str(w.pki.path("other-system.crt")), "may_call": []}
    w.gateway.conf["participants"] = [p for p in known if p["name"] != "guest"] or known
    if len(w.gateway.conf["participants"]) == len(known):
        known.append(guest)
    reload(w, log)


def own_key(w, log, _chance):
    """The gateway signs with its other key from now on."""
    [key] = w.gateway.conf["keys"]
    name = "gateway" if key["key"].endswith("gateway-ec.key") else "gateway-ec"
    key.update(certificate=str(w.pki.path(f"{name}.crt")), key=str(w.pki.path(f"{name}.key")))
    reload(w, log)


def shown(port):
    """The certificate that a listener shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 20) as s, context.wrap_socket(s) as tls:
        return tls.getpeercert(binary_form=True)


def listener_certificate(w, log, _chance):
    """Another certificate lies where the listener's lay."""
    was = shown(w.gateway.ports["server"])
    name = "tls-server" if was != w.pki["tls-server"].der else "gateway-ec"
    for word in ("certificate", "key"):
        shutil.copy(w.pki.path(f"{name}.{'crt' if word == 'certificate' else 'key'}"), w.gateway.folder / f"listener.{word}")
    reload(w, log)
    if shown(w.gateway.ports["server"]) != w.pki[name].der:
        w.books.fault("certificate", f"{name} is not shown")


def outage(w, _log, chance):
    """The provider is killed, and comes back."""
    w.receiver.kill()
    w.pause(chance.uniform(0.2, 2))
    w.receiver.start()


CHANGES = {act.__name__: act for act in (reload, outage, participant, own_key, listener_certificate)}
