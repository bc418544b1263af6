"""vibenv's library: throw-away workspaces in containers, on any Docker engine that one can reach.

It knows nothing of Nushell and prints nothing. Its functions block until done, raise only what `errors` has,
and may be called from several threads at once; the longer ones take an event that ends them early.

    errors  model  settings  labels         the words: what there is, what it is called, where it comes from
    container_body  replies  refusals       those words to Docker's JSON, its JSON and sentences to them
    stack_plan  session_plan  forward_plan  recipe  tools_recipe
                                            what to do, decided without doing it
    session_process  attachment  keyboard  painting  status_query  heartbeat  away  detach_key
    terminal_modes  multiplexed
                                            a session's terminal, as bytes
    picture  drawn                          its screen as a picture for people
    inside_programs                         how vibenv's own programs are started in sessions
    address  contexts  ssh_config           addresses; Docker's contexts and ssh's configuration, as text
    user_files  tls_files  context_store  ssh_files              the user's files that these are in
    hosts                                   which engine is meant
    engine  engine_calls  engine_images  engine_files  docker_client
                                            the engine: the only importers of docker-py
    stream  starting  http_answers  log_tails  following
                                            its byte streams, a container's start, logs and events of many
    link  reach                             the way to an engine on another host, over ssh
    build_job  dagger_build  dagger_cli  remote  offer
                                            Dagger: the only importer of its SDK, in a process of its own
    claim  tools                            what runs inside every session, on an engine
    process  terminal  caller               other programs, the user's terminal, and who wants it
    entrance  reconnect                     the way to a session's terminal, and back to it
    kept  renames                           connections into sessions, for the next use
    control  answers                        what a session's supervisor is asked, and says
    asking  screen  send  wait              and who asks it, for programs
    author                                  whose typing it is
    running  inside_server  feed  exec  files
                                            vibenv's own programs inside sessions, and what they are for
    recorded  plain_text  plain_screen  spool
                                            recordings of sessions' terminals: out of their files, as text
    listing  statuses  watch  watching      how sessions are, now and as that changes
    sessions  log  kept_logs  stack  launcher  attach  forwards  doctor  local_checks  batch
                                            what a user does: ask, decide, do
    picture_png                             draws pictures: the only importer of resvg
    forward_relay                           a program of its own: carries a forward's connections
"""
