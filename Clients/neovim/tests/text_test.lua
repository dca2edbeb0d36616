-- Run by ../test in a headless Neovim: `REPORT` names the file that takes `ok NAME` or `not ok NAME: WHY`.

local text = require("tidings.text")
local report = assert(io.open(vim.env.REPORT, "w"))

local function check(name, table, body)
  local ok, why = pcall(function()
    for _, one in ipairs(table) do
      local given, expected = one[1], one[2]
      local actual = body(given)
      if not vim.deep_equal(actual, expected) then
        error(("of %s: expected %s, got %s"):format(vim.inspect(given), vim.inspect(expected), vim.inspect(actual)), 0)
      end
    end
  end)
  report:write(ok and "ok " .. name or ("not ok %s: %s"):format(name, why), "\n")
end

local lost = "\239\191\189"
check("plain text has no control characters, line ends or bidirectional ones, and all else is as it was", {
  { "", "" },
  { "é 日本 🎈 \194\160 \226\128\167 \226\128\175 \226\129\165 \226\129\170", "é 日本 🎈 \194\160 \226\128\167 \226\128\175 \226\129\165 \226\129\170" },
  { "a\tb\nc\rd\11e\12f", "a b c d e f" },
  { "\0\1\7\8\14\27\31\127", lost:rep(8) },
  { "\194\128\194\133\194\155\194\159", lost:rep(4) },
  { "\216\156\226\128\142\226\128\143", lost:rep(3) },
  { "\226\128\168\226\128\169\226\128\170\226\128\171\226\128\172\226\128\173\226\128\174", lost:rep(7) },
  { "\226\129\166\226\129\167\226\129\168\226\129\169", lost:rep(4) },
}, text.plain)
check("lines", { { "a\r\nb\nc\rd\n", { "a", "b", "c d", "" } } }, text.lines)
check("a sender is the user_id, and a display name that differs beside it", {
  { {}, "" },
  { { user_id = "ann" }, "ann" },
  { { user_id = "ann", username = "ann" }, "ann" },
  { { user_id = "ann", username = "Ann" }, "ann (Ann)" },
  { { username = "Ann" }, "(Ann)" },
  { { user_id = "a\nb", username = "c\27d" }, "a b (c" .. lost .. "d)" },
}, text.sender)
check("UTF-8", {
  { "", true }, { "a\0\127", true }, { "é日🎈", true }, { "\244\143\191\191", true }, { "\239\191\191", true },
  { "\255", false }, { "\195", false }, { "\128", false }, { "\192\128", false }, { "\224\159\191", false },
  { "\237\160\128", false }, { "\240\143\191\191", false }, { "\244\144\128\128", false }, { "\224\195\169\160\128", false },
  { "\195\226\128\168\169", false },
}, text.is_utf8)
check("the nearest name", { { "Store", "store" }, { "pagesize", "page_size" }, { "usr_id", "user_id" } }, function(name)
  return text.nearest(name, { "icon", "page_size", "store", "user_id" })
end)
report:close()
vim.cmd("qall!")
