-- Neovim's own JSON-RPC client, unchanged, talks to the program: run by test_editors.py in a headless Neovim,
-- which reads from the file REPORT how far it came.

local report = assert(io.open(vim.env.REPORT, "w"))
local function say(text)
  report:write(text, "\n")
  report:flush()
end

local ended = nil
local rpc_start = require("vim.lsp.rpc").start
local dispatchers = {
  notification = function() end,
  server_request = function() end,
  on_error = function(code, err)
    say(("broke: %s %s"):format(code, vim.inspect(err)))
  end,
  on_exit = function(code)
    ended = code
  end,
}
local client
if debug.getinfo(rpc_start, "u").nparams == 4 then -- Up to 0.9.
  client = rpc_start(vim.env.TIDINGS_BIN, { "--store", "memory:" }, dispatchers)
else
  client = rpc_start({ vim.env.TIDINGS_BIN, "--store", "memory:" }, dispatchers)
end

local function wait(condition)
  assert(vim.wait(30000, condition, 2), "waited in vain")
end

-- Sends a request; gives the error and the result once they are there.
local function call(method, params)
  local done, err, result = false, nil, nil
  local ok, id = client.request(method, params, function(e, r)
    done, err, result = true, e, r
  end)
  assert(ok)
  return function()
    wait(function()
      return done
    end)
    return err, result
  end, id
end

local function result(method, params)
  local err, value = call(method, params)()
  assert(err == nil, vim.inspect(err))
  return value
end

local ok, why = xpcall(function()
  local server = result("initialize", { processId = vim.NIL, rootUri = vim.NIL, capabilities = vim.empty_dict() })
  say("initialize " .. server.serverInfo.name)
  client.notify("initialized", vim.empty_dict())
  local sent = result("send_team_message", {
    team_id = "crew", user_id = "ann", message_type = "note", content = "Käse und Brot 🧀\n",
  })
  local page = result("get_team_message", { team_id = "crew", user_id = "bob" })
  say(("list %d %s"):format(page.count, page.data[1].content == "Käse und Brot 🧀\n" and "same" or "other"))
  local marked = result("mark_read", { team_id = "crew", user_id = "bob", nids = { sent.nid } })
  say(("mark %d %d"):format(marked.changed, marked.count))
  local cursor = result("get_changes", { team_id = "crew", user_id = "bob" }).cursor
  local answer, id = call("get_changes", { team_id = "crew", user_id = "bob", cursor = cursor, wait_ms = 60000 })
  client.notify("$/cancelRequest", { id = id })
  -- Neovim drops the answer to what was cancelled, as LSP's -32800 says: another request shows that it came.
  result("ping", vim.empty_dict())
  local second, other = call("get_changes", { team_id = "crew", user_id = "bob", cursor = cursor, wait_ms = 60000 })
  result("send_team_message", { team_id = "crew", user_id = "ann", message_type = "note" })
  local _, changes = second()
  say(("changes %s %d"):format(changes.changes[1].event, #changes.changes))
  assert(other ~= id)
  local err = call("get_message", { user_id = "bob", nid = "nothing" })()
  say("error " .. err.data.kind)
  result("shutdown", nil)
  client.notify("exit", nil)
  wait(function()
    return ended ~= nil
  end)
  say("exit " .. ended)
  return answer
end, debug.traceback)
if not ok then
  say("broke: " .. why)
end
report:close()
vim.cmd("qall!")
