;;; Emacs' own JSON-RPC client, unchanged, talks to the program: run by test_editors.py. -*- lexical-binding: t -*-

(require 'jsonrpc)

(defvar ended nil)

(let* ((connection
        (make-instance
         'jsonrpc-process-connection
         :name "tidings"
         :events-buffer-scrollback-size 0
         :process (lambda ()
                    (make-process :name "tidings" :connection-type 'pipe :coding 'utf-8-emacs-unix :noquery t
                                  :stderr (get-buffer-create "*stderr of tidings*")
                                  :command (list (getenv "TIDINGS_BIN") "--store" "memory:")))
         :on-shutdown (lambda (_) (setq ended t))))
       (ask (lambda (method params) (jsonrpc-request connection method params :timeout 30)))
       (bob '(:team_id "crew" :user_id "bob")))
  (message "initialize %s"
           (plist-get (plist-get (funcall ask :initialize '(:processId nil :capabilities nil)) :serverInfo) :name))
  (jsonrpc-notify connection :initialized nil)
  (let* ((text "Käse und Brot 🧀\n")
         (sent (funcall ask :send_team_message
                        (list :team_id "crew" :user_id "ann" :message_type "note" :content text)))
         (page (funcall ask :get_team_message bob))
         (marked (funcall ask :mark_read (append bob (list :nids (vector (plist-get sent :nid)))))))
    (message "list %d %s" (plist-get page :count)
             (if (equal (plist-get (aref (plist-get page :data) 0) :content) text) "same" "other"))
    (message "mark %d %d" (plist-get marked :changed) (plist-get marked :count)))
  ;; A request that waits is cancelled, and its one answer says so.
  (let* ((cursor (plist-get (funcall ask :get_changes bob) :cursor))
         (waiting (append bob (list :cursor cursor :wait_ms 60000)))
         (answer nil)
         (id (car (jsonrpc--async-request-1
                   connection :get_changes waiting
                   :success-fn (lambda (_) (setq answer "a result"))
                   :error-fn (lambda (error) (setq answer (plist-get error :code)))))))
    (jsonrpc-notify connection :$/cancelRequest (list :id id))
    (with-timeout (30 (setq answer "nothing")) (while (not answer) (accept-process-output nil 0.1)))
    (message "cancelled %s" answer)
    (let ((changes nil))
      (jsonrpc-async-request connection :get_changes waiting
                             :success-fn (lambda (result) (setq changes (plist-get result :changes))))
      ;; Not by a request that waits: its answer leaves jsonrpc.el's filter at once, and what came with it stays unread.
      (jsonrpc-async-request connection :send_team_message '(:team_id "crew" :user_id "ann" :message_type "note"))
      (with-timeout (30 nil) (while (not changes) (accept-process-output nil 0.1)))
      (message "changes %s %d" (plist-get (aref changes 0) :event) (length changes))))
  (message "error %s"
           (condition-case signal (funcall ask :get_message '(:user_id "bob" :nid "nothing"))
             (jsonrpc-error
              (plist-get (alist-get 'jsonrpc-error-data (cddr signal)) :kind))))
  (funcall ask :shutdown nil)
  (jsonrpc-notify connection :exit nil)
  (with-timeout (30 nil) (while (not ended) (accept-process-output nil 0.1)))
  (message "exit %d" (process-exit-status (jsonrpc--process connection))))
