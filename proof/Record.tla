------------------------------- MODULE Record -------------------------------
(* The lock file as one small record in a store, and the processes that want it.           *)
(* The store offers three conditional changes: create (only where nothing is), replace and *)
(* remove (only the exact version). Everything else here is what networks do to requests:  *)
(* they are late, they are carried out twice, their answers get lost.                      *)
(* Bug = "none" is the product. Each other value breaks one rule, as a real program did.   *)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS Procs, Nobody,
  Lease,       \* the length of a lease, in ticks
  MaxId,       \* how many versions are written in one run
  Deaths, Forces,  \* how often each process may die, and how often a person may release a lock by force
  Lates,       \* how many abandoned requests may be under way at one time
  Tombstones,  \* a release writes "released: true"; else it removes the record
  Fencing,     \* each acquisition gets a higher token; needs Tombstones
  Bug
VARIABLES
  file, age,   \* the record in the store, and the ticks since it was written, by the store's clock, up to Lease
  pc,          \* where each process is: idle, sent, answered, check, holds
  req, won,    \* its request, and the answer that is on the way back to it
  mine, left,  \* the record by which it holds the lock, and the ticks until its own deadline
  timer,       \* what is left of a lease that began when its request was sent
  late,        \* requests that nobody waits for any more; the store may still carry them out
  visitor,     \* what a sweep, or a person with force, has read and is about to release
  ids, life, forces, top, excused, wrong  \* whose lock was taken by force while they held it; broken promises
Local == <<pc, req, won, mine, left, timer>>
vars == <<file, age, Local, late, visitor, ids, life, forces, top, excused, wrong>>

\* id is fresh for each record written (the nonce), acq is the same for a whole acquisition (the lockId).
Nothing == [id |-> 0, acq |-> 0, by |-> Nobody, life |-> 0, token |-> 0, free |-> FALSE]
NoRequest == [job |-> "none", expect |-> 0, rec |-> Nothing, acq |-> 0]
Fresh == ids + 1
Buried(rec) == [rec EXCEPT !.id = Fresh, !.free = TRUE]
Released(rec) == IF Tombstones /\ Bug # "release by delete" THEN Buried(rec) ELSE Nothing

Init ==
  /\ file = Nothing /\ visitor = NoRequest /\ late = {} /\ excused = {} /\ wrong = {}
  /\ age = 0 /\ ids = 0 /\ forces = 0 /\ top = 0
  /\ pc = [p \in Procs |-> "idle"] /\ req = [p \in Procs |-> NoRequest] /\ won = [p \in Procs |-> FALSE]
  /\ mine = [p \in Procs |-> Nothing]
  /\ life = [p \in Procs |-> 0] /\ left = life /\ timer = life

(* The store carries out a request: compare and change are one step. *)
Fits(r) == file.id = r.expect \/ (file.id # 0 /\ Bug = (r.job \o " without compare"))
Holds(p) == left[p] > 0
LiveLockOf(p) == Holds(p) /\ file.by = p /\ file.acq = mine[p].acq /\ ~file.free
Broken(r) ==
  (IF Fencing /\ r.job = "acquire" /\ r.rec.token <= top THEN {"token order"} ELSE {})
  \cup (IF r.job # "force" /\ \E p \in Procs : LiveLockOf(p) /\ file.acq # r.acq THEN {"live lock"} ELSE {})
CarryOut(r) ==
  IF Fits(r)
  THEN /\ file' = r.rec /\ age' = 0 /\ wrong' = wrong \cup Broken(r)
       /\ top' = IF r.rec.token > top THEN r.rec.token ELSE top
  ELSE UNCHANGED <<file, age, wrong, top>>
(* What a process sends. The timer starts now, before the first byte leaves. *)
Send(p, r) ==
  /\ pc' = [pc EXCEPT ![p] = "sent"] /\ req' = [req EXCEPT ![p] = r]
  /\ timer' = [timer EXCEPT ![p] = Lease] /\ ids' = Fresh /\ ids < MaxId
  /\ UNCHANGED <<file, age, won, late, visitor, life, forces, top, wrong>>
(* A lock is stale by the store's clock alone, or because its process is gone for certain. *)
Stale == \/ age >= (IF Bug = "early steal" THEN Lease - 1 ELSE Lease)
         \/ file.by # Nobody /\ file.life # life[file.by]
Acquire(p) ==
  /\ pc[p] = "idle" /\ (file.id = 0 \/ file.free \/ Stale)
  /\ Send(p, [job |-> "acquire", expect |-> file.id, acq |-> Fresh, rec |->
       [id |-> Fresh, acq |-> Fresh, by |-> p, life |-> life[p], token |-> file.token + 1, free |-> FALSE]])
  /\ excused' = excused \ {p} /\ UNCHANGED <<mine, left>>
Renew(p) ==
  /\ pc[p] = "holds" /\ Holds(p)
  /\ LET rec == IF Bug = "constant body" THEN mine[p] ELSE [mine[p] EXCEPT !.id = Fresh]
     IN Send(p, [job |-> "renew", expect |-> mine[p].id, acq |-> mine[p].acq, rec |-> rec])
  /\ UNCHANGED <<mine, left, excused>>
(* From its first moment on, a release ends the holding: nothing has been sent yet. *)
Release(p) ==
  /\ pc[p] = "holds"
  /\ Send(p, [job |-> "release", expect |-> mine[p].id, acq |-> mine[p].acq, rec |-> Released(mine[p])])
  /\ left' = IF Bug = "holder while releasing" THEN left ELSE [left EXCEPT ![p] = 0]
  /\ UNCHANGED <<mine, excused>>

(* The network. "Again": the answer is lost and the SDK repeats the request, which may then lose to itself. *)
Serve(p) ==
  /\ pc[p] = "sent" /\ CarryOut(req[p])
  /\ \/ pc' = [pc EXCEPT ![p] = "answered"] /\ won' = [won EXCEPT ![p] = Fits(req[p])]
     \/ Fits(req[p]) /\ UNCHANGED <<pc, won>>
  /\ UNCHANGED <<req, mine, left, timer, late, visitor, ids, life, forces, excused>>
Silence(p) ==
  /\ pc[p] = "sent" /\ Cardinality(late) < Lates /\ late' = late \cup {req[p]} /\ pc' = [pc EXCEPT ![p] = "check"]
  /\ UNCHANGED <<file, age, req, won, mine, left, timer, visitor, ids, life, forces, top, excused, wrong>>
Late == \E r \in late :
  /\ CarryOut(r) /\ late' = late \ {r} /\ UNCHANGED <<Local, visitor, ids, life, forces, excused>>

(* What a process makes of it. Only a win is believed at once; everything else is settled by reading. *)
Succeed(p) ==
  /\ pc' = [pc EXCEPT ![p] = "holds"] /\ mine' = [mine EXCEPT ![p] = req[p].rec] /\ left' = [left EXCEPT ![p] =
       IF req[p].job = "renew" /\ left[p] = 0 THEN 0            \* a lock that was lost stays lost
       ELSE IF Bug = "deadline from the answer" THEN Lease ELSE timer[p]]
End(p) == pc' = [pc EXCEPT ![p] = "idle"] /\ left' = [left EXCEPT ![p] = 0] /\ mine' = [mine EXCEPT ![p] = Nothing]
Forget(p) == req' = [req EXCEPT ![p] = NoRequest] /\ won' = [won EXCEPT ![p] = FALSE] /\ timer' = [timer EXCEPT ![p] = 0]
Answer(p) ==
  /\ pc[p] = "answered"
  /\ IF req[p].job = "release" THEN End(p) /\ Forget(p)
     ELSE IF won[p] THEN Succeed(p) /\ Forget(p)
     ELSE pc' = [pc EXCEPT ![p] = "check"] /\ UNCHANGED <<mine, left, req, won, timer>>
  /\ UNCHANGED <<file, age, late, visitor, ids, life, forces, top, excused, wrong>>
Ours(p) == IF Bug = "tombstone taken for ours" THEN file.acq = req[p].acq ELSE file.id = req[p].rec.id /\ ~file.free
Check(p) ==
  /\ pc[p] = "check"
  /\ IF req[p].job # "release" /\ Ours(p) THEN Succeed(p)
     ELSE IF req[p].job = "renew" /\ file.id = mine[p].id
     THEN pc' = [pc EXCEPT ![p] = "holds"] /\ UNCHANGED <<mine, left>>
     ELSE End(p)
  /\ Forget(p) /\ UNCHANGED <<file, age, late, visitor, ids, life, forces, top, excused, wrong>>
Die(p) ==
  /\ life[p] < Deaths /\ life' = [life EXCEPT ![p] = @ + 1] /\ End(p) /\ Forget(p)
  /\ late' = IF pc[p] = "sent" THEN late \cup {req[p]} ELSE late
  /\ UNCHANGED <<file, age, visitor, ids, forces, top, excused, wrong>>

(* Somebody else reads a record, judges it, and releases exactly this version later. A sweep takes what is *)
(* stale; without fencing also tombstones. A person may release any lock by force: its holder is excused.  *)
Visit(job) ==
  /\ visitor.job = "none" /\ ids < MaxId /\ file.id # 0
  /\ IF job = "force" THEN forces < Forces /\ ~file.free
     ELSE IF file.free THEN ~Fencing \/ Bug = "sweep of tombstones" ELSE Stale
  /\ visitor' = [job |-> job, expect |-> file.id, acq |-> 0, rec |-> IF file.free THEN Nothing ELSE Released(file)]
  /\ ids' = Fresh /\ forces' = IF job = "force" THEN forces + 1 ELSE forces
  /\ UNCHANGED <<file, age, Local, late, life, top, excused, wrong>>
Depart ==
  /\ visitor.job # "none" /\ CarryOut(visitor) /\ visitor' = NoRequest
  /\ excused' = IF visitor.job # "force" \/ ~Fits(visitor) THEN excused
                ELSE excused \cup {p \in Procs : \/ mine[p].acq = file.acq
                                                 \/ pc[p] = "answered" /\ won[p] /\ req[p].acq = file.acq}
  /\ UNCHANGED <<Local, late, ids, life, forces>>

Down(f) == [p \in Procs |-> IF f[p] > 0 THEN f[p] - 1 ELSE 0]
Tick ==
  /\ age' = IF age < Lease THEN age + 1 ELSE age
  /\ left' = Down(left) /\ timer' = Down(timer)
  /\ UNCHANGED <<file, pc, req, won, mine, late, visitor, ids, life, forces, top, excused, wrong>>

Next == \/ Tick \/ Late \/ Depart \/ Visit("sweep") \/ Visit("force")
        \/ \E p \in Procs : \/ Acquire(p) \/ Renew(p) \/ Release(p) \/ Serve(p)
                            \/ Silence(p) \/ Answer(p) \/ Check(p) \/ Die(p)
Spec == Init /\ [][Next]_vars
Symmetry == Permutations(Procs)

Exclusion == \A p, q \in Procs \ excused : Holds(p) /\ Holds(q) => p = q
TokenOrder == "token order" \notin wrong
NoLiveLockRemoved == "live lock" \notin wrong
=============================================================================
