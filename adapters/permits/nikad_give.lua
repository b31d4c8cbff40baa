#!lua
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_give - the next number of a type for a message, or the one that the message got before. ARGV: message, type, kind,
-- sender, moment, ms for which the message is known again. Answers {serial, type, kind} as given; {} when the type has no
-- number left. Keys: last, given, used: hash, type -> number; m:<message>: what it got; n:<type>:<serial>: to whom and for
-- what, then the message that holds it, the exchange of that, and whether it is used.
local message, kind_of, kind, sender, moment, keep = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local before = redis.call('GET', base .. 'm:' .. message)
if before then
	redis.call('PEXPIRE', base .. 'm:' .. message, keep) -- a write, too: the caller waits for replicas
	return cmsgpack.unpack(before)
end
if tonumber(redis.call('HGET', base .. 'last', kind_of) or 0) >= 99999999 then
	return {}
end
local serial = redis.call('HINCRBY', base .. 'last', kind_of, 1)
local got = {serial, kind_of, kind}
redis.call('HINCRBY', base .. 'given', kind_of, 1)
redis.call('SET', base .. 'n:' .. kind_of .. ':' .. serial, cmsgpack.pack({sender, kind, moment, '', '', 0}))
redis.call('SET', base .. 'm:' .. message, cmsgpack.pack(got), 'PX', keep)
return got
