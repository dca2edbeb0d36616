--- Text that others wrote, made fit to be shown, and names that somebody misspelt.

local M = {}

local UNKNOWN = "\239\191\189" -- U+FFFD

--- One line of plain text: no line ends, no control characters, nothing that turns the direction of what follows.
function M.plain(text)
  return (
    text
      :gsub("[\t\n\v\f\r]", " ")
      :gsub("%c", UNKNOWN) -- C0 and DEL
      :gsub("\194[\128-\159]", UNKNOWN) -- C1
      :gsub("\216\156", UNKNOWN) -- U+061C, the Arabic letter mark
      :gsub("\226\128[\142\143]", UNKNOWN) -- U+200E and U+200F
      :gsub("\226\128[\168-\174]", UNKNOWN) -- U+2028 to U+202E: two line ends, embeddings and overrides
      :gsub("\226\129[\166-\169]", UNKNOWN) -- U+2066 to U+2069: isolates
  )
end

--- The lines of a longer text, each of them plain.
function M.lines(text)
  return vim.tbl_map(M.plain, vim.split(text, "\r?\n"))
end

--- Who wrote a message: the user_id, and beside it the display name, which its sender chose.
function M.sender(message)
  local shown = {}
  if message.user_id then
    table.insert(shown, message.user_id)
  end
  if message.username and message.username ~= message.user_id then
    table.insert(shown, ("(%s)"):format(message.username))
  end
  return M.plain(table.concat(shown, " "))
end

--- Whether bytes are UTF-8.
function M.is_utf8(text)
  local rest = text
    :gsub("\240[\144-\191][\128-\191][\128-\191]", " ")
    :gsub("[\241-\243][\128-\191][\128-\191][\128-\191]", " ")
    :gsub("\244[\128-\143][\128-\191][\128-\191]", " ")
    :gsub("\224[\160-\191][\128-\191]", " ")
    :gsub("[\225-\236\238\239][\128-\191][\128-\191]", " ")
    :gsub("\237[\128-\159][\128-\191]", " ")
    :gsub("[\194-\223][\128-\191]", " ")
  return rest:find("[\128-\255]") == nil
end

--- How many letters have to change to make one word of the other.
local function distance(one, other)
  local row = {}
  for j = 0, #other do
    row[j] = j
  end
  for i = 1, #one do
    local next_row = { [0] = i }
    for j = 1, #other do
      local same = one:byte(i) == other:byte(j)
      next_row[j] = math.min(next_row[j - 1] + 1, row[j] + 1, row[j - 1] + (same and 0 or 1))
    end
    row = next_row
  end
  return row[#other]
end

--- The name of a list that another one is most like, whatever its case and its underscores.
function M.nearest(name, known)
  local function bare(text)
    return (text:lower():gsub("[^%w]", ""))
  end
  local best
  for _, one in ipairs(known) do
    if not best or distance(bare(name), bare(one)) < distance(bare(name), bare(best)) then
      best = one
    end
  end
  return best
end

return M
