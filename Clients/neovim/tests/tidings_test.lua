-- Run by ../test in a headless Neovim: `REPORT` names the file that takes `ok NAME` or `not ok NAME: WHY`.

local tidings = require("tidings")
local uv = vim.uv or vim.loop
local tests = {}
local notices = {}

vim.notify = function(text)
  table.insert(notices, text)
end

local function test(name, body)
  table.insert(tests, { name = name, body = body })
end

local function eq(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(("expected %s, got %s"):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

local function wait(what, condition)
  if not vim.wait(120000, condition, 5) then
    error("waited in vain until " .. what, 2)
  end
end

--- A program of the shell's.
local function script(lines)
  local file = vim.fn.tempname()
  vim.fn.writefile(vim.list_extend({ "#!/bin/sh" }, lines), file)
  vim.fn.setfperm(file, "rwx------")
  return file
end

--- A program that tells its process id in a file, and is otherwise the real one, or what else it does.
local function traced(does)
  local file = vim.fn.tempname()
  return script({ ("echo $$ >> %s"):format(file), does or 'exec "$TIDINGS_BIN" "$@"' }), function()
    return vim.fn.filereadable(file) == 1 and vim.fn.readfile(file) or {}
  end
end

local function gone(pid)
  wait("it is gone", function()
    local stat = io.open(("/proc/%s/stat"):format(pid))
    local text = stat and stat:read("*a") or ") Z"
    if stat then
      stat:close()
    end
    return text:find("%) Z") ~= nil -- What nobody waits for stays as a zombie.
  end)
end

local store

local function setup(chosen)
  notices = {}
  local own = { store = "sqlite:" .. vim.fn.tempname() .. ".db", user_id = "bob", teams = { "crew" }, live = false }
  chosen = vim.tbl_extend("force", own, chosen or {})
  store = chosen.store
  tidings.setup(chosen)
end

--- What others do: a program of their own on the same store.
local function others(method, params)
  vim.env.TIDINGS_STORE = store
  local said = vim.fn.system({ vim.env.TIDINGS_BIN, "call", "--log-level", "error", method, vim.json.encode(params) })
  vim.env.TIDINGS_STORE = nil
  assert(vim.v.shell_error == 0, said)
  return vim.json.decode(said)
end

local function refresh()
  local done
  tidings.refresh(function()
    done = true
  end)
  wait("the count is there", function()
    return done
  end)
end

local function send(content, more)
  local params = { team_id = "crew", user_id = "ann", message_type = "note", content = content }
  return others("send_team_message", vim.tbl_extend("force", params, more or {}))
end

--- Messages of two logs are listed by their times, which are milliseconds.
local function tick()
  local function now()
    local seconds, microseconds = vim.loop.gettimeofday()
    return seconds * 1000 + math.floor(microseconds / 1000)
  end
  local before = now()
  wait("the clock has gone on", function()
    return now() > before
  end)
end

local function lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

local function header()
  return lines()[1]
end

local function shows(pattern)
  wait("the inbox shows " .. pattern, function()
    return table.concat(lines(), "\n"):find(pattern) ~= nil
  end)
end

local function press(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "xt", false)
end

test("a request is answered, an error has its kind", function()
  setup()
  eq(tidings.call("ping"), vim.empty_dict())
  local ok, err = pcall(tidings.call, "get_message", { user_id = "bob", nid = "none" })
  eq({ ok, err }, { false, "tidings: get_message: there is no such message (not_found)" })
  local answer
  tidings.request("get_team_message", { team_id = "crew", pageSize = -1 }, function(failure, result)
    answer = { failure, result }
  end)
  wait("it is answered", function()
    return answer
  end)
  eq({ answer[1].code, answer[1].data.kind, answer[1].data.details.pointer, answer[2] }, { -32602, "invalid_params", "/pageSize" })
end)

test("the unread count, for the status line", function()
  local heard = {}
  setup({
    on_change = function(count, before)
      table.insert(heard, { count, before })
    end,
  })
  refresh()
  eq({ tidings.unread(), tidings.status() }, { 0, "" })
  send("one")
  others("send_account_message", { reader_id = "bob", message_type = "note" })
  refresh()
  eq({ tidings.unread(), tidings.unread("crew"), tidings.unread("none"), tidings.status() }, { 2, 1, 0, "✉ 2" })
  vim.o.statusline = "%{v:lua.require'tidings'.status()}"
  if vim.api.nvim_eval_statusline then
    eq(vim.api.nvim_eval_statusline(vim.o.statusline, {}).str, "✉ 2")
  end
  refresh()
  eq(heard, { { 2, 0 } })
end)

test("the unread count follows what happens, whatever becomes of the program", function()
  local program, pids = traced()
  local heard = {}
  setup({
    live = true,
    program = program,
    on_change = function(count, before)
      table.insert(heard, { count, before })
    end,
  })
  local function counts(count)
    wait("it is told", function()
      return tidings.unread() == count
    end)
  end
  send("one")
  counts(1)
  others("send_account_message", { reader_id = "bob", message_type = "note" })
  counts(2)
  eq({ tidings.unread("crew"), tidings.status() }, { 1, "✉ 2" })
  others("mark_read", { user_id = "bob", team_id = "crew", all = true })
  counts(1)
  for round = 1, 3 do
    uv.kill(tonumber(pids()[#pids()]), "sigkill")
    send("more")
    counts(1 + round)
  end
  eq(#pids(), 4)
  for place, one in ipairs(heard) do
    eq(one[2], place == 1 and 0 or heard[place - 1][1])
  end
  -- Another setup, or `stop`, ends it.
  tidings.stop()
  send("unseen")
  eq(tidings.unread(), 4)
  setup({ live = true, store = store })
  counts(5)
  eq(notices, {})
end)

test("without teams the account's inbox alone counts", function()
  setup({ teams = {} })
  send("one")
  refresh()
  eq(tidings.unread(), 0)
  eq(notices, {})
end)

test(":Inbox lists the account's and the teams' messages, the newest first", function()
  setup({ teams = { "crew", "deck" } })
  send("Tea is\nready", { username = "Ann Änn" })
  tick()
  others("send_announcement", { message_type = "notice", content = "Maintenance on Sunday" })
  tick()
  send("Swab", { team_id = "deck" })
  vim.cmd("Inbox")
  shows("3 unread of 3")
  shows("Swab.*Maintenance.*Tea is ready")
  eq(#lines(), 4)
  assert(lines()[2]:find("^● %d%d%d%d%-%d%d%-%d%d %d%d:%d%d  deck          ann                   Swab$"), lines()[2])
  assert(lines()[3]:find("  account  "), lines()[3])
  assert(lines()[4]:find("  crew          ann %(Ann Änn%)         Tea is ready$"), lines()[4])
  eq({ vim.bo.modifiable, vim.bo.filetype }, { false, "tidings" })
end)

test(":Inbox TEAM lists that team's alone, and its name is completed", function()
  setup({ teams = { "crew", "deck" } })
  send("Tea")
  send("Swab", { team_id = "deck" })
  vim.cmd("Inbox deck")
  shows("Swab")
  eq(#lines(), 2)
  eq(vim.fn.getcompletion("Inbox d", "cmdline"), { "deck" })
end)

test("a message is opened, read and unread, archived; all are read", function()
  setup()
  send("first")
  tick()
  send("second\nwith two lines", { data = { cups = 2 } })
  vim.cmd("Inbox")
  shows("2 unread of 2")
  local inbox = vim.api.nvim_get_current_buf()

  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  press("<CR>")
  local text = table.concat(lines(), "\n")
  assert(text:find("From:    ann\nTeam:    crew\nType:    note\nDate:    .*\n\nsecond\nwith two lines\n\n{\n  cups = 2\n}$"), text)
  press("q")
  eq(vim.api.nvim_get_current_buf(), inbox)
  shows("1 unread of 2")
  wait("the status line knows", function()
    return tidings.unread() == 1
  end)
  eq({ lines()[2]:sub(1, 2), lines()[3]:sub(1, 3) }, { "  ", "●" })

  press("r")
  shows("2 unread of 2")
  press("r")
  shows("1 unread of 2")

  press("a")
  shows("1 unread of 1")
  eq(#lines(), 2)
  assert(lines()[2]:find("first"))
  press("A")
  shows("0 unread of 1")
  eq(lines()[2]:sub(1, 1), " ")
  send("third")
  press("R")
  shows("1 unread of 2")
  shows("third.*first")
  press("q")
  assert(vim.api.nvim_get_current_buf() ~= inbox)
end)

test("keys where no message is do nothing", function()
  setup()
  vim.cmd("Inbox")
  shows("0 unread of 0")
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  press("<CR>")
  press("r")
  press("a")
  eq(#lines(), 1)
end)

test("more messages are fetched when asked for, none twice", function()
  setup({ page_size = 3 })
  for number = 1, 7 do
    send("message " .. number)
  end
  vim.cmd("Inbox crew")
  shows("7 unread of 7")
  eq(#lines(), 4)
  press("m")
  press("m") -- While the first is under way: does nothing.
  shows("message 2")
  press("m")
  shows("message 1")
  press("m") -- There is nothing more: nothing is asked.
  tidings.call("mark_seen", { team_id = "crew", user_id = "bob", all = true }) -- After anything that was.
  eq(#lines(), 8)
end)

test("an inbox that is closed before its answer comes", function()
  setup()
  send("one")
  vim.cmd("Inbox")
  press("q")
  vim.cmd("Inbox")
  shows("1 unread of 1")
  eq(notices, {})
end)

test("calls while the program is killed at random: all answer, nothing is doubled", function()
  local all, in_flight = tonumber(vim.env.CALLS), 32
  local program, pids = traced()
  setup({ program = program, scope = false })
  tidings.call("ping")
  math.randomseed(vim.loop.hrtime())
  local due, killed = {}, 0
  for _ = 1, tonumber(vim.env.KILLS) do
    table.insert(due, math.random(all))
  end
  table.sort(due)
  local made, answered, sent = 0, 0, {}
  local function one()
    if made == all then
      return
    end
    made = made + 1
    local content = "" .. made
    local call = { team_id = "crew", user_id = "ann", message_type = "note", content = content }
    tidings.request("send_team_message", call, function(err, result)
      eq(err, nil)
      answered = answered + 1
      sent[result.nid] = content
      local running = due[killed + 1] and answered >= due[killed + 1] and pids() or {}
      if #running > killed then -- Else the next program is being started.
        killed = killed + 1
        vim.loop.kill(tonumber(running[#running]), "sigkill")
      end
      one()
    end)
  end
  for _ = 1, in_flight do
    one()
  end
  if not vim.wait(120000 + all * 10, function()
    return answered == all
  end, 5) then
    error(("%d of %d calls were answered"):format(answered, all))
  end
  assert(killed > 0 and #due - killed < 3, ("%d kills"):format(killed)) -- The last ones may be due too late.
  local found, cursor = 0, nil
  repeat
    local page = tidings.call("get_team_message", { team_id = "crew", user_id = "bob", pageSize = 200, cursor = cursor })
    eq(page.total, all)
    for _, message in ipairs(page.data) do
      eq(message.content, sent[message.nid])
      found = found + 1
    end
    cursor = page.next_cursor
  until not cursor
  eq({ found, vim.tbl_count(sent) }, { all, all })
end)

test("a program that died while nothing was under way is started again", function()
  local program, pids = traced()
  setup({ program = program })
  tidings.call("ping")
  vim.loop.kill(tonumber(pids()[1]), "sigkill")
  tidings.call("ping")
  tidings.call("ping")
  eq(#pids(), 2)
end)

test("a program that can't be found, ends at once, or keeps ending, is an error that is said once", function()
  local hello = 'read -r line; echo \'{"jsonrpc":"2.0","id":0,"result":{}}\'; '
  for program, expected in pairs({
    ["/no/such/program"] = { "no program /no/such/program", "program_not_found", false },
    ["false"] = { "the program ended before it answered (status 1, signal 0)", "process_died", false },
    [script({ "echo what >&2; echo 'bad TIDINGS_STORE' >&2; exit 64" })] = { "(status 64, signal 0): bad store", "process_died", false },
    [script({ "exit 75" })] = { "(status 75", "process_died", true },
    [script({ "kill -9 $$" })] = { "ended before it answered (status 0, signal 9)", "process_died", true },
    [script({ hello .. "read -r line; exit 3" })] = { "the program keeps ending (status 3, signal 0)", "process_died", true },
    [script({ hello .. "read -r line; echo nonsense" })] = { "wrote what is no answer", "incompatible_program", false },
    [script({ "exec yes" })] = { "wrote what is no answer", "incompatible_program", false },
    [script({ "exec yes | tr -d '\\n'" })] = { "wrote what is no answer", "incompatible_program", false },
    [vim.fn.fnamemodify(script({}), ":h")] = { "no program", "program_not_found", false },
  }) do
    setup({ program = program })
    local err
    tidings.request("ping", nil, function(failure)
      err = failure
    end)
    wait("it fails", function()
      return err
    end)
    assert(err.message:find(expected[1], 1, true), err.message)
    eq({ err.data.kind, err.data.retryable, err.code }, { expected[2], expected[3], 0 })
    refresh()
    refresh()
    eq(#notices, 1)
    eq(tidings.status(), "")
  end
end)

test("a program that never answers fails its calls in time, and is ended with all that it started", function()
  for _, does in ipairs({ "exec sleep 1000", "trap '' TERM; sh -c 'sleep 1000; :'; :" }) do
    local program, pids = traced(does)
    setup({ program = program, start_timeout = 2 })
    local err
    tidings.request("ping", nil, function(failure)
      err = failure
    end)
    wait("it fails", function()
      return err
    end)
    eq({ err.data.kind, err.data.retryable }, { "start_timeout", true })
    gone(pids()[1])
  end
end)

test("a program that ended by itself was not too late, though somebody holds its pipes", function()
  local file = vim.fn.tempname()
  local wrapper = script({ ("setsid sh -c 'echo $$ >%s; exec sleep 1000' &"):format(file), "exit 69" })
  setup({ program = wrapper, start_timeout = 60 })
  local err
  tidings.request("ping", nil, function(failure)
    err = failure
  end)
  wait("it fails", function()
    return err
  end)
  wait("who holds the pipes has said so", function()
    return vim.fn.filereadable(file) == 1 and vim.fn.readfile(file)[1]
  end)
  uv.kill(tonumber(vim.fn.readfile(file)[1]), "sigkill")
  eq({ err.data.kind, err.data.retryable }, { "process_died", false })
end)

test("a program that does not end is ended, and what a wrapper started too", function()
  local children = vim.fn.tempname()
  local program, pids = traced(("trap '' TERM; sleep 1000 & echo $! > %s; \"$TIDINGS_BIN\" \"$@\"; wait"):format(children))
  setup({ program = program })
  tidings.call("ping")
  tidings.stop(10)
  gone(pids()[1])
  gone(vim.fn.readfile(children)[1])
end)

test("a wrapper that is killed: what it left behind ends, and the calls go on", function()
  local program, pids = traced('"$TIDINGS_BIN" "$@"; exit $?')
  setup({ program = program })
  send("one")
  tidings.call("ping")
  local children = vim.fn.readfile(("/proc/%s/task/%s/children"):format(pids()[1], pids()[1]))[1]
  vim.loop.kill(tonumber(pids()[1]), "sigkill")
  eq(tidings.call("get_team_message", { team_id = "crew" }, 20000).total, 1)
  gone(vim.trim(children))
end)

test("an answer that Lua can't hold fails its call alone, and nothing of it is told", function()
  setup({ program = script({ 'exec "$TIDINGS_BIN" "$@" --max-depth 1000' }) })
  -- As deep as the program takes it, which in an answer is deeper than Lua's decoder reads.
  local data = '{"a secret":' .. ("["):rep(997) .. ("]"):rep(997) .. "}"
  local params = ('{"team_id":"crew","user_id":"ann","message_type":"note","data":%s}'):format(data)
  local request = ('{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":%s}\n'):format(params)
  local said = vim.fn.system({ "env", "TIDINGS_STORE=" .. store, vim.env.TIDINGS_BIN, "--max-depth", "1000" }, request)
  assert(said:find('"result"', 1, true), said)
  local err, pong
  tidings.request("get_team_message", { team_id = "crew" }, function(failure)
    err = failure
  end)
  tidings.request("ping", nil, function(_, result)
    pong = result
  end)
  wait("both are answered", function()
    return err and pong
  end)
  eq({ err.data.kind, err.data.retryable, err.code }, { "unreadable_answer", false, 0 })
  assert(not vim.inspect(err):find("secret"))
  eq(tidings.call("ping"), vim.empty_dict())
end)

test("what is said unasked, and Lua can't hold, is passed over", function()
  local said = [[printf '{"jsonrpc":"2.0","method":"$/x","params":"\\ud800"}\n']]
  local answer = [[printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$(echo "$line" | grep -o '"id":[0-9]*' | cut -d: -f2)"]]
  local file, pids = traced(("while read -r line; do %s; %s; done"):format(said, answer))
  setup({ program = file })
  eq(tidings.call("ping"), vim.empty_dict())
  eq(tidings.call("ping"), vim.empty_dict())
  eq(#pids(), 1)
end)

test("values that are odd come as they are", function()
  setup()
  local odd = "\r\n\194\133 \226\128\168 \226\128\169 \0 \127 é日🎈"
  send(odd, { data = { ["__index"] = "x", list = { vim.NIL, 1 }, none = vim.NIL, huge = 1e300 } })
  local message = tidings.call("get_team_message", { team_id = "crew" }).data[1]
  eq(message.content, odd)
  eq(message.data, { ["__index"] = "x", list = { vim.NIL, 1 }, huge = 1e300 })
end)

test("what JSON can't say is raised, and leaves nothing behind", function()
  setup()
  for _, data in ipairs({ { x = 0 / 0 }, { x = print }, { x = "\255" }, { [1] = 1, [99] = 2 } }) do
    local params = { team_id = "crew", user_id = "bob", message_type = "note", data = data }
    local ok, err = pcall(tidings.request, "send_team_message", params, function()
      error("it was sent")
    end)
    assert(not ok and err:find("tidings: send_team_message: ", 1, true), err)
  end
  eq(tidings.call("get_team_message", { team_id = "crew" }).total, 0)
end)

test("the program acts for this user and these teams alone, unless that is unwanted", function()
  setup()
  local function kind(method, params)
    local ok, err = pcall(tidings.call, method, params)
    return ok and "fine" or err:match("%((%l[%l_]*)%)$")
  end
  local note = { message_type = "note", content = "x" }
  local function with(more)
    return vim.tbl_extend("force", note, more)
  end
  eq(kind("send_team_message", with({ team_id = "crew", user_id = "ann" })), "forbidden")
  eq(kind("send_team_message", with({ team_id = "crew", user_id = "bob" })), "fine")
  eq(kind("get_team_message", { team_id = "deck", user_id = "bob" }), "forbidden")
  eq(kind("get_account_message", { user_id = "ann" }), "forbidden")
  eq(kind("send_announcement", note), "forbidden")
  setup({ user_id = "-odd user=", teams = {} })
  eq(kind("get_account_message", { user_id = "-odd user=" }), "fine")
  eq(kind("get_account_message", { user_id = "bob" }), "forbidden")
  eq(kind("get_team_message", { team_id = "any", user_id = "-odd user=" }), "fine")
  setup({ scope = false })
  eq(kind("send_team_message", with({ team_id = "crew", user_id = "ann" })), "fine")
end)

test("what others wrote is shown without control characters, and beside a display name is who chose it", function()
  setup()
  local escape = "\27[2J\27]0;x\7 \194\155 \127 \226\128\174live\226\129\166"
  local message = { user_id = "mallory", username = "bob\n● 2026", team_name = "deck\27", data = { ["k\27"] = escape } }
  send(escape .. "\nFrom:    bob\r\nlast", message)
  vim.cmd("Inbox")
  shows("1 unread of 1")
  eq(#lines(), 2)
  assert(lines()[2]:find("crew          mallory (bob ● 2026)", 1, true), lines()[2])
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  press("<CR>")
  local shown = lines()
  eq({ shown[1], shown[2] }, { "From:    mallory (bob ● 2026)", "Team:    crew (deck�)" })
  assert(vim.tbl_contains(shown, "From:    bob") and vim.tbl_contains(shown, "last"), vim.inspect(shown))
  for _, line in ipairs(vim.list_extend(shown, vim.api.nvim_buf_get_lines(vim.fn.bufnr("tidings://inbox"), 0, -1, false))) do
    assert(not line:find("%c") and not line:find("\194[\128-\159]"), line)
    assert(not line:find("\226\128\174", 1, true) and not line:find("\226\129\166", 1, true), line)
  end
  press("q")
end)

test("a call that takes too long is taken back", function()
  setup({ teams = {}, program = script({ 'exec "$TIDINGS_BIN" "$@" --max-waiting 1' }) })
  local cursor = tidings.call("get_changes", { user_id = "bob" }).cursor
  local ok, err = pcall(tidings.call, "get_changes", { user_id = "bob", cursor = cursor, wait_ms = 30000 }, 20)
  eq({ ok, err }, { false, "tidings: get_changes: no answer in time (deadline_exceeded)" })
  -- Else this would be one too many.
  eq(tidings.call("get_changes", { user_id = "bob", cursor = cursor, wait_ms = 1 }).changes, {})
end)

test("another setup ends the program and uses another store", function()
  local program, pids = traced()
  setup({ program = program })
  tidings.call("ping")
  setup({ program = program })
  refresh()
  eq(tidings.unread(), 0)
  eq(#pids(), 2)
  wait("the first one is gone", function()
    return vim.fn.isdirectory("/proc/" .. pids()[1]) == 0
  end)
  wait("it is said by kill too", function()
    return vim.loop.kill(tonumber(pids()[1]), 0) ~= 0
  end)
end)

test("a store that is named from Neovim's folder stays the same file wherever that goes", function()
  local before, first, second = vim.fn.getcwd(), vim.fn.tempname(), vim.fn.tempname()
  vim.fn.mkdir(first)
  vim.fn.mkdir(second)
  vim.cmd("cd " .. first)
  setup({ store = "sqlite:inbox.db" })
  vim.cmd("cd " .. second)
  tidings.call("ping")
  vim.cmd("cd " .. before)
  eq(vim.fn.readdir(second), {})
  eq(vim.fn.filereadable(first .. "/inbox.db"), 1)
  -- What is gone isn't needed by a store that is named otherwise.
  vim.cmd("cd " .. second)
  setup()
  vim.cmd("cd " .. before)
  vim.fn.delete(second, "d")
  eq(tidings.call("ping"), {})
end)

test("options that are wrong", function()
  setup()
  for _, one in ipairs({
    { { colour = "red" }, "tidings: there is no option colour; did you mean %a+?" },
    { { Store = "memory:" }, "tidings: there is no option Store; did you mean store?" },
    { { userId = "bob" }, "tidings: there is no option userId; did you mean user_id?" },
    { { team = { "crew" } }, "tidings: there is no option team; did you mean teams?" },
    { { store = 5 }, 'tidings: the option store must be a string, as "sqlite:inbox.db"' },
    { { store = "" }, 'tidings: the option store must be a string, as "sqlite:inbox.db"' },
    { { user_id = false }, "tidings: the option user_id must be a string" },
    { { teams = "crew" }, "tidings: the option teams must be a list of strings" },
    { { teams = { 5 } }, "tidings: the option teams must be a list of strings" },
    { { page_size = -1 }, "tidings: the option page_size must be a number" },
    { { live = 1 }, "tidings: the option live must be true or false" },
    { { on_change = "x" }, "tidings: the option on_change must be a function" },
  }) do
    local ok, err = pcall(tidings.setup, one[1])
    eq(ok, false)
    assert(err == one[2] or err:find(one[2]:gsub("%?", "%%?") .. "$"), err)
  end
  eq(tidings.call("get_status").scope.user_id, "bob") -- All is as it was.
end)

local report = assert(io.open(vim.env.REPORT, "w"))
local function note(line)
  report:write(line, "\n")
  report:flush()
end

for _, one in ipairs(tests) do
  local ok, why = xpcall(one.body, function(err)
    return debug.traceback(tostring(err), 2)
  end)
  note(ok and "ok " .. one.name or ("not ok %s: %s"):format(one.name, why))
  vim.cmd("silent! %bwipeout!")
end

-- The last program runs on: ../test sees it end with Neovim.
local program, pids = traced()
setup({ program = program })
tidings.call("ping")
note("pid " .. pids()[1])
report:close()
vim.cmd("qall!")
