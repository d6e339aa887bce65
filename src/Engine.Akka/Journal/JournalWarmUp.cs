using Akka.Actor;
using Akka.Persistence;

namespace FitCluster.Engine;

/// <summary>
/// Writes an entry that nobody needs, and deletes it: who takes over a job from a dead node is not to compile, at that moment, what writes
/// journals. All nodes use one name; one that another gets ahead of fails, which serves as well.
/// </summary>
internal sealed class JournalWarmUp : ReceivePersistentActor
{
    public JournalWarmUp(string node, TimeProvider clock)
    {
        Recover<RecoveryCompleted>(_ => Self.Tell(Begin.Instance));
        Recover<JobChange>(_ => { });
        Command<Begin>(_ => Persist(
            new JobChange.Noted(node, "warm", clock.GetUtcNow()), _ => DeleteMessages(LastSequenceNr)));
        Command<DeleteMessagesSuccess>(_ => Context.Stop(Self));
        Command<DeleteMessagesFailure>(_ => Context.Stop(Self));
    }

    public override string PersistenceId => "warm-up";

    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    private sealed record Begin
    {
        public static Begin Instance { get; } = new();
    }
}
