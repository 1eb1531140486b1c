-------------------------------- MODULE Swap --------------------------------
(* Compare-and-swap on plain files, by renames only, with the holder's folder.              *)
(* A change by anybody else goes through the guard: fence the folder that the record names, *)
(* enter the guard, judge, act by one rename out of the own entry, leave. A rival may be    *)
(* evicted at any time. The holder's own changes go through its folder by a single rename.  *)
(* When a lock may be stolen is not this model's question (see Record): anybody may try to  *)
(* change any record at any time, and must change exactly the one it has read, or nothing.  *)
EXTENDS Naturals, FiniteSets, TLC
CONSTANTS Procs,
  MaxRec, MaxEntry, MaxFolder,  \* how many records, entries for the guard, and holder's folders are made
  Hangs,       \* how many own renames may hang in the kernel and land later
  Bug
VARIABLES
  L,           \* the lock file: a record [id, via], or Nothing
  guard, armed,  \* the entry in the guard folder (0: empty or absent), and whether it still has what its act renames
  alive, inside, \* the holder's folders that exist, and the files staged in them: pairs of folder and record
  hung,        \* own acts that nobody waits for any more: they land if their folder still stands
  pc,          \* each process: idle, fence, stage, enter, judge, act, leave, own, fold
  folder, mine,  \* its current folder (0: none), and the record that it wrote and believes to be in place
  goal, entry,   \* the change that it makes, from one record to another, and its entry for the guard
  recs, entries, folders, wrong
vars == <<L, guard, armed, alive, inside, hung, pc, folder, mine, goal, entry, recs, entries, folders, wrong>>

Nothing == [id |-> 0, via |-> 0]
NoGoal == [from |-> Nothing, to |-> Nothing]
Init ==
  /\ L = Nothing /\ guard = 0 /\ armed = FALSE /\ alive = {} /\ inside = {} /\ hung = {}
  /\ pc = [p \in Procs |-> "idle"] /\ folder = [p \in Procs |-> 0] /\ mine = [p \in Procs |-> Nothing]
  /\ goal = [p \in Procs |-> NoGoal] /\ entry = [p \in Procs |-> 0]
  /\ recs = 0 /\ entries = 0 /\ folders = 0 /\ wrong = FALSE

Go(p, where) == pc' = [pc EXCEPT ![p] = where]
(* A change of the lock file that its author meant for the record `from`. *)
Change(from, to) == L' = to /\ wrong' = (wrong \/ L # from)
Same == UNCHANGED <<L, wrong>>
Guard == <<guard, armed, entry, entries>>
Holder == <<alive, inside, hung, folder, folders>>

(* Creation: a folder of its own if there is none, then link(2), which fails if L is there. *)
Create(p) ==
  /\ pc[p] = "idle" /\ mine[p] = Nothing /\ L = Nothing /\ recs < MaxRec
  /\ LET has == folder[p] # 0
         id == IF has THEN folder[p] ELSE folders + 1
         rec == [id |-> recs + 1, via |-> id]
     IN /\ (~has => folders < MaxFolder) /\ (has => id \in alive)
        /\ Change(Nothing, rec) /\ mine' = [mine EXCEPT ![p] = rec]
        /\ alive' = alive \cup {id} /\ folder' = [folder EXCEPT ![p] = id]
        /\ folders' = IF has THEN folders ELSE folders + 1
  /\ recs' = recs + 1 /\ UNCHANGED <<inside, hung, pc, goal, guard, armed, entry, entries>>
(* Own changes. Renewal: stage a file in the folder, then rename it over L. ENOENT in either: through the guard. *)
Own(p) == pc[p] = "idle" /\ mine[p] # Nothing /\ mine[p].via = folder[p]
Begin(p) ==
  /\ Own(p) /\ folder[p] \in alive /\ recs < MaxRec
  /\ LET rec == [id |-> recs + 1, via |-> folder[p]]
     IN inside' = inside \cup {<<folder[p], rec.id>>} /\ goal' = [goal EXCEPT ![p] = [from |-> mine[p], to |-> rec]]
  /\ recs' = recs + 1 /\ Go(p, "own") /\ Same /\ UNCHANGED <<alive, hung, folder, folders, mine>> /\ UNCHANGED Guard
Lands(act) == act.to.via \in alive /\ <<act.to.via, act.to.id>> \in inside
Renew(p) ==
  /\ pc[p] = "own" /\ Lands(goal[p]) /\ Change(goal[p].from, goal[p].to)
  /\ inside' = inside \ {<<goal[p].to.via, goal[p].to.id>>} /\ mine' = [mine EXCEPT ![p] = goal[p].to]
  /\ goal' = [goal EXCEPT ![p] = NoGoal] /\ Go(p, "idle")
  /\ UNCHANGED <<alive, hung, folder, folders, recs>> /\ UNCHANGED Guard
(* Release: rename L into the folder, which must stand. *)
Release(p) ==
  /\ Own(p) /\ L # Nothing /\ folder[p] \in alive /\ Change(mine[p], Nothing)
  /\ mine' = [mine EXCEPT ![p] = Nothing] /\ UNCHANGED <<pc, goal, recs>> /\ UNCHANGED Holder /\ UNCHANGED Guard
Stay(p) == Go(p, "idle") /\ goal' = [goal EXCEPT ![p] = NoGoal] /\ UNCHANGED folder
Condemn(p) == goal' = [goal EXCEPT ![p].from = mine[p], ![p].to = Nothing] /\ Go(p, "fence") /\ folder' = [folder EXCEPT ![p] = 0]
(* The folder, or the staged file, is gone: it is forgotten at once for every lock, then fenced. *)
Missed(p) ==
  /\ (pc[p] = "own" /\ ~Lands(goal[p])) \/ (Own(p) /\ folder[p] \notin alive)
  /\ IF Bug = "folder made again" THEN alive' = alive \cup {folder[p]} /\ Stay(p) ELSE UNCHANGED alive /\ Condemn(p)
  /\ Same /\ UNCHANGED <<inside, hung, folders, mine, recs>> /\ UNCHANGED Guard
(* An own rename hangs and the process gives up: the folder is condemned before anything else is done. *)
GiveUp(p) ==
  /\ pc[p] = "own" /\ Cardinality(hung) < Hangs /\ hung' = hung \cup {goal[p]}
  /\ IF Bug = "two own acts" THEN Stay(p) ELSE Condemn(p)
  /\ Same /\ UNCHANGED <<alive, inside, folders, mine, recs>> /\ UNCHANGED Guard
Hung == \E act \in hung :
  /\ hung' = hung \ {act}
  /\ IF Lands(act) THEN Change(act.from, act.to) /\ inside' = inside \ {<<act.to.via, act.to.id>>}
     ELSE Same /\ UNCHANGED inside
  /\ UNCHANGED <<alive, folder, folders, pc, mine, goal, recs>> /\ UNCHANGED Guard

(* Everybody else: read L, decide to replace it by a record of one's own, or to remove it. *)
Decide(p) ==
  /\ pc[p] = "idle" /\ mine[p] = Nothing /\ L # Nothing
  /\ \E to \in {Nothing, [id |-> recs + 1, via |-> 0]} : goal' = [goal EXCEPT ![p] = [from |-> L, to |-> to]]
       /\ to.id <= MaxRec /\ recs' = IF to = Nothing THEN recs ELSE recs + 1
  /\ Go(p, IF Bug \in {"no fence", "fence after the judge"} THEN "stage"
           ELSE IF Bug = "read, compare, unlink" THEN "judge" ELSE "fence")
  /\ Same /\ UNCHANGED mine /\ UNCHANGED Holder /\ UNCHANGED Guard
(* rmdir takes the folder only when it is empty; else its files are unlinked first. *)
Fence(p, at, next) ==
  /\ pc[p] = at
  /\ LET via == goal[p].from.via
         files == {f \in inside : f[1] = via}
     IN \/ via \notin alive /\ Go(p, next) /\ UNCHANGED <<alive, inside>>
        \/ via \in alive /\ files = {} /\ alive' = alive \ {via} /\ Go(p, next) /\ UNCHANGED inside
        \/ via \in alive /\ files # {} /\ inside' = inside \ files /\ UNCHANGED <<pc, alive>>
  /\ Same /\ UNCHANGED <<hung, folder, folders, mine, goal, recs>> /\ UNCHANGED Guard
Stage(p) ==
  /\ pc[p] = "stage" /\ entries < MaxEntry /\ entries' = entries + 1 /\ entry' = [entry EXCEPT ![p] = entries + 1]
  /\ Go(p, "enter") /\ Same /\ UNCHANGED <<guard, armed, mine, goal, recs>> /\ UNCHANGED Holder
Enter(p) ==
  /\ pc[p] = "enter" /\ guard = 0 /\ guard' = entry[p] /\ armed' = TRUE
  /\ Go(p, IF Bug = "fallback without compare" /\ mine[p] # Nothing THEN "act" ELSE "judge")
  /\ Same /\ UNCHANGED <<mine, goal, recs, entry, entries>> /\ UNCHANGED Holder
Judge(p) ==
  /\ pc[p] = "judge"
  /\ Go(p, IF L # goal[p].from THEN "leave" ELSE IF Bug = "fence after the judge" THEN "fold" ELSE "act")
  /\ Same /\ UNCHANGED <<mine, goal, recs>> /\ UNCHANGED Holder /\ UNCHANGED Guard
(* One rename, out of the own entry or into it. If the entry was evicted it fails, and all begins anew. *)
CanAct(p) == (guard = entry[p] /\ armed) \/ Bug \in {"read, compare, unlink", "act from outside the entry"}
Act(p) ==
  /\ pc[p] = "act"
  /\ IF ~CanAct(p) THEN Go(p, "stage") /\ Same /\ UNCHANGED <<armed, mine>>
     ELSE IF L = Nothing /\ goal[p].to = Nothing THEN Go(p, "leave") /\ Same /\ UNCHANGED <<armed, mine>>
     ELSE /\ Change(goal[p].from, goal[p].to) /\ Go(p, "leave") /\ armed' = (armed /\ guard # entry[p])
          /\ mine' = [mine EXCEPT ![p] = goal[p].to]
  /\ UNCHANGED <<guard, entry, entries, goal, recs>> /\ UNCHANGED Holder
Leave(p) ==
  /\ pc[p] = "leave" /\ guard' = IF guard = entry[p] THEN 0 ELSE guard
  /\ mine' = [mine EXCEPT ![p] = IF @ = goal[p].to THEN @ ELSE Nothing]
  /\ goal' = [goal EXCEPT ![p] = NoGoal] /\ entry' = [entry EXCEPT ![p] = 0] /\ Go(p, "idle")
  /\ armed' = (armed /\ guard' # 0) /\ Same /\ UNCHANGED <<entries, recs>> /\ UNCHANGED Holder
(* Anybody may evict whoever is inside, in two steps: unlink what its act would rename, then rmdir the entry. *)
Evict ==
  /\ guard # 0
  /\ IF armed THEN armed' = FALSE /\ UNCHANGED guard ELSE guard' = 0 /\ UNCHANGED armed
  /\ Same /\ UNCHANGED <<pc, mine, goal, recs, entry, entries>> /\ UNCHANGED Holder
(* A process dies between any two steps; what it left behind stays, an own act may still be under way. *)
Die(p) ==
  /\ pc[p] # "idle" /\ Go(p, "idle") /\ mine' = [mine EXCEPT ![p] = Nothing] /\ folder' = [folder EXCEPT ![p] = 0]
  /\ goal' = [goal EXCEPT ![p] = NoGoal] /\ entry' = [entry EXCEPT ![p] = 0]
  /\ hung' = IF pc[p] = "own" /\ Hangs > 0 THEN hung \cup {goal[p]} ELSE hung
  /\ Same /\ UNCHANGED <<guard, armed, entries, alive, inside, folders, recs>>
(* A sweep may take any folder away at any time, if it is empty. *)
Sweep == \E d \in alive :
  /\ {f \in inside : f[1] = d} = {} /\ alive' = alive \ {d} /\ Same
  /\ UNCHANGED <<inside, hung, folder, folders, pc, mine, goal, recs>> /\ UNCHANGED Guard

Next == \/ Hung \/ Evict \/ Sweep
        \/ \E p \in Procs :
             \/ Create(p) \/ Begin(p) \/ Renew(p) \/ Release(p) \/ Missed(p) \/ GiveUp(p)
             \/ Decide(p) \/ Fence(p, "fence", "stage") \/ Fence(p, "fold", "act") \/ Stage(p) \/ Enter(p)
             \/ Judge(p) \/ Act(p) \/ Leave(p) \/ Die(p)
Spec == Init /\ [][Next]_vars
Symmetry == Permutations(Procs)
(* All that Record asks of a store: no change hits another record than the one it was meant for. *)
ComparedAndSwapped == ~wrong
=============================================================================
