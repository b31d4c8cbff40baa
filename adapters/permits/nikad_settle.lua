#!lua flags=allow-oom
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_settle - what became of the message that holds a number. ARGV: message, exchange, 1 accepted or 0 refused, ms for
-- which the hold is remembered then (a dead letter may be delivered after all). Answers {1: done, 0: it holds none, 2: the
-- number is another message's by now, 3: a repetition of the message was refused, the first one was not, or may not have been;
-- then type and serial of the number}.
local message, exchange = ARGV[2], ARGV[3]
local name = redis.call('GET', base .. 'h:' .. message)
local packed = name and redis.call('GET', name)
if not packed then
	return {0}
end
local n = cmsgpack.unpack(packed)
local kind_of, serial = string.match(name, ':(%u+):(%d+)$')
if n[4] ~= message and n[4] ~= '' then
	return {2, kind_of, serial}
end
if ARGV[4] == '1' and n[6] == 0 then
	n[4], n[5], n[6] = message, exchange, 1
	redis.call('HINCRBY', base .. 'used', kind_of, 1)
elseif ARGV[4] == '0' and (n[6] == 1 or n[4] ~= '' and n[5] ~= exchange) then
	return {3, kind_of, serial}
elseif ARGV[4] == '0' then
	n[4], n[5] = '', ''
end
redis.call('SET', name, cmsgpack.pack(n))
redis.call('PEXPIRE', base .. 'h:' .. message, ARGV[5])
return {1, kind_of, serial}
