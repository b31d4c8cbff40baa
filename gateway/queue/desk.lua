-- SPDX-License-Identifier: GPL-3.0-or-later
-- desk - stands before every script of an adapter, behind its first line (desk.h). KEYS[1] is what all its keys begin
-- with, KEYS[2] the key of the birth of this Redis, ARGV[1] the birth that it must have, empty for an operator.
local base = KEYS[1]
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then
	return redis.error_reply('BIRTH this Redis does not hold what was acknowledged; see qaqpa queue rebuild')
end
