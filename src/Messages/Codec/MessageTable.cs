using System.Collections.Frozen;

namespace FitCluster.Messages;

/// <summary>
/// The tags and layouts of all messages. A tag is never given to another message, and a layout never changes: a message with other fields
/// is a new message with a new tag.
/// </summary>
internal static class MessageTable
{
    private static readonly Entry[] Entries =
    [
        Make(1, static (ref BodyWriter _, Activated _) => { }, static (ref BodyReader _) => new Activated()),
        Make(2,
            static (ref BodyWriter w, TimerElapsed m) => { w.Text(m.Kind); w.Signed(m.Number); },
            static (ref BodyReader r) => new TimerElapsed(r.Text("the kind of a timer"), r.Signed("the number of a timer"))),
        Make(3,
            static (ref BodyWriter w, StartJob m) => { w.Job(
                m.Job); w.Text(m.Spec); w.Text(m.SpecHash); w.Text(m.DataHash); w.Signed(m.Shards); },
            static (ref BodyReader r) => new StartJob(
                r.Job(), r.Text("the spec"), r.Text("the hash of the spec"), r.Text("the hash of the data"),
                r.Signed32("the number of shards"))),
        Make(4,
            static (ref BodyWriter w, InterruptJob m) => { w.Job(m.Job); w.Text(m.Reason); },
            static (ref BodyReader r) => new InterruptJob(r.Job(), r.Text("the reason"))),
        Make(5,
            static (ref BodyWriter w, LoadShard m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard);
                w.Signed(m.Shards);
                w.Text(m.Spec);
                w.Flag(m.FromCheckpoint);
                w.Signed(m.CheckpointAttempt.Value);
                w.Signed(m.CheckpointRound.Value);
                w.Text(m.PartChecksum);
            },
            static (ref BodyReader r) => new LoadShard(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Signed32("the number of shards"), r.Text("the spec"),
                r.Flag("whether there is a checkpoint"),
                r.Attempt("the checkpoint's attempt"), r.Round("the checkpoint's round"), r.Text("the checksum"))),
        Make(6,
            static (ref BodyWriter w, ShardReady m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round);
                w.Signed(m.Rows);
                w.Signed(m.Bytes);
            },
            static (ref BodyReader r) => new ShardReady(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Signed("the rows"), r.Signed("the bytes"))),
        Make(7,
            static (ref BodyWriter w, RunRound m) => { Head(
                ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round); w.Flag(m.SaveFirst); w.Arrays(m.Broadcast); },
            static (ref BodyReader r) => new RunRound(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Flag("whether to save first"), r.Arrays())),
        Make(8,
            static (ref BodyWriter w, RoundAnswer m) => { Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round); w.Arrays(m.Partial); },
            static (ref BodyReader r) => new RoundAnswer(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Arrays())),
        Make(9,
            static (ref BodyWriter w, SaveShard m) => Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round),
            static (ref BodyReader r) => new SaveShard(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round())),
        Make(10,
            static (ref BodyWriter w, ShardSaved m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round);
                w.Text(m.Checksum);
                w.Signed(m.Bytes);
            },
            static (ref BodyReader r) => new ShardSaved(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Text("the checksum"), r.Signed("the bytes"))),
        Make(11,
            static (ref BodyWriter w, CollectShard m) => Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round),
            static (ref BodyReader r) => new CollectShard(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round())),
        // 12 was a shard's rows of the results, which are in the store now.
        Make(13,
            static (ref BodyWriter w, ShardFailed m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round);
                w.Text(m.Reason);
                w.Flag(m.IsPermanent);
            },
            static (ref BodyReader r) => new ShardFailed(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Text("the reason"),
                r.Flag("whether the failure is permanent"))),
        Make(14,
            static (ref BodyWriter w, ShardEmpty m) => Head(ref w, m.Job, m.Attempt, m.Load, m.Shard),
            static (ref BodyReader r) => new ShardEmpty(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard())),
        Make(15,
            static (ref BodyWriter w, StaleAttempt m) =>
            {
                w.Job(m.Job);
                w.Signed(m.Attempt.Value);
                w.Signed(m.Load);
                w.Signed(m.Current.Value);
                w.Signed(m.CurrentLoad);
            },
            static (ref BodyReader r) => new StaleAttempt(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Attempt("the present attempt"), r.Signed("the present load"))),
        Make(16,
            static (ref BodyWriter w, ReleaseShard m) => Head(ref w, m.Job, m.Attempt, m.Shard),
            static (ref BodyReader r) => new ReleaseShard(r.Job(), r.Attempt(), r.Shard())),
        Make(17,
            static (ref BodyWriter w, JobRefused m) => { w.Job(m.Job); w.Text(m.Reason); },
            static (ref BodyReader r) => new JobRefused(r.Job(), r.Text("the reason"))),
        // 18 was a part that could not be saved, without whether it was fenced.
        Make(19,
            static (ref BodyWriter w, PartDamaged m) => { Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round); w.Text(m.Reason); },
            static (ref BodyReader r) =>
                new PartDamaged(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Text("the reason"))),
        Make(20,
            static (ref BodyWriter w, ShardLeaving m) => Head(ref w, m.Job, m.Attempt, m.Load, m.Shard),
            static (ref BodyReader r) => new ShardLeaving(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard())),
        Make(21,
            static (ref BodyWriter w, WakeDirectory m) => { },
            static (ref BodyReader r) => new WakeDirectory()),
        Make(22,
            static (ref BodyWriter w, Draining m) => { },
            static (ref BodyReader r) => new Draining()),
        Make(23,
            static (ref BodyWriter w, ShardCutOff m) => { w.Job(m.Job); w.Signed(m.Shard.Value); },
            static (ref BodyReader r) => new ShardCutOff(r.Job(), r.Shard())),
        Make(24,
            static (ref BodyWriter w, ShardLoading m) => Head(ref w, m.Job, m.Attempt, m.Load, m.Shard),
            static (ref BodyReader r) => new ShardLoading(r.Job(), r.Attempt(), r.Signed("the load"), r.Shard())),
        Make(25, WriteBundle, ReadBundle),
        Make(26,
            static (ref BodyWriter w, ShardCollected m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round);
                w.Text(m.Checksum);
                w.Signed(m.Bytes);
            },
            static (ref BodyReader r) => new ShardCollected(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Text("the checksum"), r.Signed("the bytes"))),
        Make(27,
            static (ref BodyWriter w, CollectAgain m) => { w.Job(m.Job); w.Signed(m.Attempt.Value); w.Text(m.Reason); },
            static (ref BodyReader r) => new CollectAgain(r.Job(), r.Attempt(), r.Text("the reason"))),
        Make(28,
            static (ref BodyWriter w, ShardNotSaved m) =>
            {
                Head(ref w, m.Job, m.Attempt, m.Load, m.Shard, m.Round);
                w.Text(m.Reason);
                w.Flag(m.IsFenced);
            },
            static (ref BodyReader r) => new ShardNotSaved(
                r.Job(), r.Attempt(), r.Signed("the load"), r.Shard(), r.Round(), r.Text("the reason"), r.Flag("whether it was fenced"))),
    ];

    private static readonly FrozenDictionary<Type, Entry> ByType = Entries.ToFrozenDictionary(e => e.Type);
    private static readonly FrozenDictionary<ushort, Entry> ByTag = Entries.ToFrozenDictionary(e => e.Tag);

    public delegate T ReadBody<out T>(ref BodyReader reader);

    public static Entry Of(Type type) => ByType.TryGetValue(type, out var entry)
        ? entry
        : throw new FrameException($"the message {type.Name} has no tag in the codec's table: it cannot leave its process");

    public static Entry Of(ushort tag) => ByTag.TryGetValue(tag, out var entry)
        ? entry
        : throw new FrameException(
            $"a frame has the unknown message tag {tag} at offset 6 (1 to {Entries[^1].Tag} are known): it may have been made by a " +
            "newer version of FitCluster");

    private static Entry Make<T>(ushort tag, Frame.WriteBody<T> write, ReadBody<T> read)
        where T : class, IMessage =>
        new(tag, typeof(T), (ref BodyWriter writer, IMessage message) => write(ref writer, (T)message),
            (ref BodyReader reader) => read(ref reader));

    private static void WriteBundle(ref BodyWriter writer, Bundle bundle)
    {
        writer.Arrays(bundle.Arrays);
        writer.Unsigned((ulong)bundle.Messages.Count);
        foreach (var message in bundle.Messages)
        {
            writer.Text(message.To.Kind);
            writer.Text(message.To.Id);
            writer.Bytes(message.Frame.Span);
        }
    }

    private static Bundle ReadBundle(ref BodyReader reader)
    {
        var arrays = reader.Arrays();
        var messages = new BundledMessage[reader.Count("the number of messages", leastBytesOfEach: 3)];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = new BundledMessage(new ActorAddress(reader.Text("the kind of a receiver"), reader.Text("the id of a receiver")),
                reader.Bytes("the frame of a message").ToArray());
        }

        return new Bundle(arrays, messages);
    }

    private static void Head(ref BodyWriter writer, JobName job, Attempt attempt, ShardId shard)
    {
        writer.Job(job);
        writer.Signed(attempt.Value);
        writer.Signed(shard.Value);
    }

    private static void Head(ref BodyWriter writer, JobName job, Attempt attempt, long load, ShardId shard)
    {
        writer.Job(job);
        writer.Signed(attempt.Value);
        writer.Signed(load);
        writer.Signed(shard.Value);
    }

    private static void Head(ref BodyWriter writer, JobName job, Attempt attempt, long load, ShardId shard, Round round)
    {
        Head(ref writer, job, attempt, load, shard);
        writer.Signed(round.Value);
    }

    /// <summary>One message: its tag, its type, and how its fields are written and read.</summary>
    public sealed record Entry(ushort Tag, Type Type, Frame.WriteBody<IMessage> Write, ReadBody<IMessage> Read);
}
