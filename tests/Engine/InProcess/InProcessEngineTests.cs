using System.Collections.Concurrent;
using System.Diagnostics;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.InProcess;

public sealed class InProcessEngineTests
{
    private static readonly ActorAddress A = new("a", "1");

    [Fact]
    public async Task A_mailbox_is_first_in_first_out()
    {
        await using var engine = new InProcessEngine(new InMemoryCheckpointStore(), 2);
        var seen = new ConcurrentQueue<long>();
        engine.Register("a", _ => new ScriptedActor((message, _) => seen.Enqueue(message is TimerElapsed timer ? timer.Number : -1)));
        for (var i = 0; i < 1000; i++)
        {
            engine.Tell(A, new TimerElapsed("n", i));
        }

        await Until(() => seen.Count == 1001);
        Assert.Equal(Enumerable.Range(-1, 1001).Select(i => (long)i), seen);
    }

    [Fact]
    public async Task A_slow_store_holds_up_no_handler_and_a_late_answer_to_an_ended_activation_is_dropped()
    {
        var store = new GatedStore();
        await using var engine = new InProcessEngine(store, 1);
        var seen = new ConcurrentQueue<IMessage>();
        engine.Register("a", _ => new ScriptedActor((message, context) =>
        {
            seen.Enqueue(message);
            if (message is TimerElapsed { Kind: "ask" })
            {
                context.Ask(new ClaimAttempt(new JobName("job")), _ => new TimerElapsed("answer", 1));
            }
            else if (message is TimerElapsed { Kind: "fail" })
            {
                throw new InvalidOperationException("as the test wants it");
            }
        }));
        engine.Tell(A, new TimerElapsed("ask", 0));
        await Until(() => store.IsAsked);
        engine.Tell(A, new TimerElapsed("fail", 0));
        engine.Tell(A, new TimerElapsed("after", 0));
        await Until(() => seen.Contains(new TimerElapsed("after", 0)));
        store.Gate.SetResult();
        engine.Tell(A, new TimerElapsed("ask", 1));
        await Until(() => seen.Contains(new TimerElapsed("answer", 1)));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Single(seen, new TimerElapsed("answer", 1));
    }

    [Fact]
    public async Task A_store_that_throws_is_an_answer_with_an_error()
    {
        var store = new GatedStore();
        store.Gate.SetException(new IOException("no space left"));
        await using var engine = new InProcessEngine(store, 1);
        var answers = new ConcurrentQueue<string?>();
        engine.Register("a", _ => new ScriptedActor((message, context) =>
        {
            if (message is Activated)
            {
                context.Ask(new ClaimAttempt(new JobName("job")), reply => new InterruptJob(new JobName("job"), reply.Error ?? ""));
            }
            else if (message is InterruptJob answer)
            {
                answers.Enqueue(answer.Reason);
            }
        }));
        engine.Tell(A, new TimerElapsed("n", 0));
        await Until(() => !answers.IsEmpty);
        Assert.Contains("no space left", answers.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_thread_is_left_behind_even_if_the_store_waits()
    {
        var store = new GatedStore();
        var engine = new InProcessEngine(store, 3);
        var threads = new ConcurrentDictionary<Thread, bool>();
        engine.Register("a", _ => new ScriptedActor((_, context) =>
        {
            threads.TryAdd(Thread.CurrentThread, true);
            context.Ask(new ClaimAttempt(new JobName("job")), _ => new Activated());
            context.Schedule(TimeSpan.FromHours(1), new Activated());
        }));
        for (var i = 0; i < 50; i++)
        {
            engine.Tell(new ActorAddress("a", $"{i}"), new TimerElapsed("n", i));
        }

        await Until(() => store.IsAsked);
        var clock = Stopwatch.StartNew();
        await engine.DisposeAsync();
        await engine.DisposeAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
        Assert.NotEmpty(threads);
        Assert.All(threads.Keys, thread => Assert.False(thread.IsAlive));
    }

    [Fact]
    public async Task A_context_that_is_used_outside_its_handler_says_so()
    {
        await using var engine = new InProcessEngine(new InMemoryCheckpointStore(), 1);
        IActorContext? kept = null;
        engine.Register("a", _ => new ScriptedActor((_, context) => kept = context));
        engine.Tell(A, new TimerElapsed("n", 0));
        await Until(() => kept is not null);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Contains(
            "outside its handler", Assert.Throws<InvalidOperationException>(() => kept!.Stop()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_small_messages_are_cheap()
    {
        const int messages = 200_000;
        await using var engine = new InProcessEngine(new InMemoryCheckpointStore(), 2);
        var done = 0;
        engine.Register("a", address => new ScriptedActor((message, context) =>
        {
            if (message is not TimerElapsed { Number: var number })
            {
                return;
            }

            if (number < messages)
            {
                context.Tell(new ActorAddress("a", address.Id == "1" ? "2" : "1"), new TimerElapsed("n", number + 8));
            }
            else
            {
                Interlocked.Increment(ref done);
            }
        }));
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 8; i++)
        {
            engine.Tell(A, new TimerElapsed("n", i));
        }

        await Until(() => Volatile.Read(ref done) == 8);
        var rate = messages / clock.Elapsed.TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"{rate:0} messages/s between two actors on two threads");
        // A tenth of what an idle machine does: this bound finds a lost wake-up, not a slow afternoon.
        Assert.True(rate > 20_000, $"{rate:0} messages/s");
    }

    private static async Task Until(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "the condition was not reached within 30 seconds");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private sealed class GatedStore : ICheckpointStore
    {
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsAsked { get; private set; }

        public async ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
        {
            IsAsked = true;
            await Gate.Task.WaitAsync(cancellation);
            return new AttemptClaimed(new Attempt(1));
        }
    }
}
