using System.Buffers;

namespace FitCluster.Messages.Tests.Codec;

/// <summary>At least one message of every type, with the values at the edges.</summary>
internal static class Samples
{
    private static readonly JobName Job = new("pbmc-3k_ebmf.2");

    public static ArraySet Arrays { get; } = new ArraySet()
        .Set("F", [1, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue], [2, 3])
        .Set("moments/m",
            [BitConverter.Int64BitsToDouble(0x7FF0_0000_0000_0001), BitConverter.Int64BitsToDouble(unchecked((long)0xFFF8_1234_5678_9ABC))])
        .Set("round", 12, Reduction.Max)
        .Set("", [], [0])
        .Set("λ_τ 混", [], [4, 0, int.MaxValue])
        .Set("deep", [7], [1, 1, 1, 1, 1, 1, 1, 1]);

    public static IMessage[] All { get; } =
    [
        new Activated(),
        new Draining(),
        new WakeDirectory(),
        new ShardCutOff(Job, new ShardId(5)),
        new ShardLeaving(Job, new Attempt(3), 2, new ShardId(5)),
        new ShardLoading(Job, new Attempt(3), 2, new ShardId(5)),
        new TimerElapsed("answer", long.MinValue),
        new TimerElapsed("", long.MaxValue),
        new StartJob(Job, "model: ebmf\nη: 1", "sha256:ab", "sha256:cd", 64),
        new InterruptJob(Job, "asked for by the user"),
        new LoadShard(Job, new Attempt(3), 7, new ShardId(5), 64, "model: ebmf", true, new Attempt(2), new Round(120), "ab12"),
        new LoadShard(Job, new Attempt(1), 7, new ShardId(-1), 1, "", false, default, default, ""),
        new ShardReady(Job, new Attempt(3), 7, new ShardId(5), new Round(120), 1L << 40, -1),
        new RunRound(Job, new Attempt(3), 7, new ShardId(5), new Round(121), true, Arrays),
        new RunRound(Job, new Attempt(3), 7, new ShardId(int.MinValue), new Round(0), true, new ArraySet()),
        new RoundAnswer(Job, new Attempt(long.MaxValue), 7, new ShardId(int.MaxValue), new Round(-1), Arrays),
        new SaveShard(Job, new Attempt(3), 7, new ShardId(5), new Round(121)),
        new ShardSaved(Job, new Attempt(3), 7, new ShardId(5), new Round(121), "ef34", 123_456_789_012),
        new CollectShard(Job, new Attempt(3), 7, new ShardId(5), new Round(121)),
        new ShardCollected(Job, new Attempt(3), 7, new ShardId(5), new Round(121), "ab12", 123_456_789_012),
        new CollectAgain(Job, new Attempt(3), "the part of shard 5 is damaged"),
        new ShardFailed(Job, new Attempt(3), 7, new ShardId(5), new Round(121), "σ² of shard 5 is NaN", true),
        new ShardEmpty(Job, new Attempt(3), 7, new ShardId(5)),
        new StaleAttempt(Job, new Attempt(3), 1, new Attempt(4), long.MaxValue),
        new ReleaseShard(Job, new Attempt(3), new ShardId(5)),
        new JobRefused(Job, "another spec"),
        new ShardNotSaved(Job, new Attempt(3), 2, new ShardId(5), new Round(121), "disk full", true),
        new Bundle(Arrays, [new BundledMessage(new ActorAddress("shard", "pbmc/3"), new byte[] { 1, 2, 3 }), new BundledMessage(
            new ActorAddress("shard", "pbmc/4"), default)]),
        new Bundle(new ArraySet(), []),
        new PartDamaged(Job, new Attempt(3), 2, new ShardId(5), new Round(121), "SHA-256 differs"),
    ];

    public static byte[] Encode(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
