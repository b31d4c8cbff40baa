#!lua
-- SPDX-License-Identifier: GPL-3.0-or-later
-- nikad_take - may the message use the number? Then it holds it from now on. ARGV: message, exchange, type, serial, sender,
-- kind. Answers what stands against it, in pairs: unknown, foreign, used (by that exchange), held (by that one), kind (the
-- one that it was given for).
local message, exchange = ARGV[2], ARGV[3]
local name = base .. 'n:' .. ARGV[4] .. ':' .. ARGV[5]
local packed = redis.call('GET', name)
if not packed then
	return {'unknown', ''}
end
local n = cmsgpack.unpack(packed)
local sender, kind, holder, by, used = n[1], n[2], n[4], n[5], n[6]
local against = {}
local function add(what, more)
	against[#against + 1] = what
	against[#against + 1] = more
end
if sender ~= ARGV[6] then
	add('foreign', '')
elseif holder ~= '' and holder ~= message then
	add(used == 1 and 'used' or 'held', by)
end
if kind ~= ARGV[7] then
	add('kind', kind)
end
if #against == 0 then
	if holder == '' then
		n[4], n[5] = message, exchange
	end
	redis.call('SET', name, cmsgpack.pack(n))
	redis.call('SET', base .. 'h:' .. message, name)
end
return against
