using System.Collections.Concurrent;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests;

/// <summary>
/// What every engine promises while nothing fails. Each engine has a subclass that makes its harness. The tests assume no order between
/// messages, since the port promises none. Numbered messages are <see cref="TimerElapsed"/> records: they have a place in the codec.
/// </summary>
public abstract class EngineConformance
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Makes an engine over this store that may run up to <paramref name="parallelism"/> handlers at once;
    /// its reports go to the harness's Failures.
    /// </summary>
    protected abstract EngineHarness CreateHarness(ICheckpointStore store, int parallelism);

    /// <summary>The store's stand-in: every claim gets the next number, all else is an error reply.</summary>
    protected sealed class CountingStore : ICheckpointStore
    {
        private long _claims;

        public long Claims => Interlocked.Read(ref _claims);

        public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
            ValueTask.FromResult<StoreReply>(request is ClaimAttempt
                ? new AttemptClaimed(new Attempt(Interlocked.Increment(ref _claims)))
                : new StoreReply("the counting store only claims"));
    }

    private static ActorAddress Address(string kind, int id = 0) =>
        new(kind, id.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static TimerElapsed Number(long number, string kind = "n") => new(kind, number);

    private static ActorFactory Script(Action<IMessage, IActorContext> receive) => _ => new ScriptedActor(receive);

    private static async Task Reach(EngineHarness harness, Func<bool> condition, string what)
    {
        var reached = await harness.RunUntil(condition, Limit);
        Assert.True(reached, $"{what}; reported: {string.Join(" | ", harness.Failures.Select(f => f.Address + ": " + f.Error.Message))}");
    }

    /// <summary>Lets this much of the engine's time pass, by a timer of an actor of its own.</summary>
    private static async Task Pass(EngineHarness harness, ConcurrentQueue<long> passed, long number, int milliseconds)
    {
        harness.Engine.Tell(
            Address("clock"), new TimerElapsed(milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture), number));
        await Reach(harness, () => passed.Contains(number), "the clock actor's timer never ran out");
    }

    private static ConcurrentQueue<long> RegisterClock(EngineHarness harness)
    {
        var passed = new ConcurrentQueue<long>();
        harness.Engine.Register("clock", Script((message, context) =>
        {
            if (message is TimerElapsed { Kind: "passed" } done)
            {
                passed.Enqueue(done.Number);
            }
            else if (message is TimerElapsed start)
            {
                var delay = TimeSpan.FromMilliseconds(int.Parse(start.Kind, System.Globalization.CultureInfo.InvariantCulture));
                context.Schedule(delay, Number(start.Number, "passed"));
            }
        }));
        return passed;
    }

    [Fact]
    public async Task The_first_message_activates_the_actor_and_Activated_comes_first()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var made = new ConcurrentQueue<ActorAddress>();
        var seen = new ConcurrentQueue<(IMessage Message, ActorAddress Self, ActorAddress? Sender)>();
        harness.Engine.Register("a", address =>
        {
            made.Enqueue(address);
            return new ScriptedActor((message, context) => seen.Enqueue((message, context.Self, context.Sender)));
        });
        Assert.False(await harness.RunUntil(() => !made.IsEmpty, TimeSpan.FromMilliseconds(50)), "an actor was made before it was needed");
        harness.Engine.Tell(Address("a", 7), Number(1));
        harness.Engine.Tell(Address("a", 7), Number(2));
        await Reach(harness, () => seen.Count >= 3, "three messages were expected");
        Assert.Equal([Address("a", 7)], made);
        Assert.IsType<Activated>(seen.First().Message);
        Assert.Equal([1, 2], seen.Skip(1).Select(s => ((TimerElapsed)s.Message).Number).Order());
        Assert.All(seen, s => Assert.Equal(Address("a", 7), s.Self));
        Assert.All(seen, s => Assert.Null(s.Sender));
        Assert.Empty(harness.Failures);
    }

    [Fact]
    public async Task An_actor_handles_one_message_at_a_time_and_none_is_lost()
    {
        const int messages = 2000;
        await using var harness = CreateHarness(new CountingStore(), 4);
        var (inside, overlaps, plain) = (0, 0, 0);
        var seen = new ConcurrentDictionary<long, bool>();
        harness.Engine.Register("a", Script((message, _) =>
        {
            if (Interlocked.Increment(ref inside) != 1)
            {
                Interlocked.Increment(ref overlaps);
            }

            plain++;
            if (message is TimerElapsed number)
            {
                Assert.True(seen.TryAdd(number.Number, true), $"message {number.Number} came twice");
                if (number.Number % 100 == 0)
                {
                    Thread.SpinWait(10_000);
                }
            }

            Interlocked.Decrement(ref inside);
        }));
        Parallel.For(0, messages, new ParallelOptions { MaxDegreeOfParallelism = harness.Parallelism },
            i => harness.Engine.Tell(Address("a"), Number(i)));
        await Reach(harness, () => seen.Count == messages && Volatile.Read(ref inside) == 0, "messages were lost");
        Assert.Equal(0, overlaps);
        Assert.Equal(messages + 1, plain);
        Assert.Empty(harness.Failures);
    }

    [Fact]
    public async Task Messages_to_others_and_to_self_arrive_with_their_sender()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var seen = new ConcurrentQueue<(ActorAddress Self, ActorAddress? Sender, long Number)>();
        void Play(IMessage message, IActorContext context)
        {
            if (message is not TimerElapsed { Number: var number })
            {
                return;
            }

            seen.Enqueue((context.Self, context.Sender, number));
            if (number == 0)
            {
                context.Tell(Address("b"), Number(1));
            }
            else if (number == 1)
            {
                context.Tell(context.Sender!.Value, Number(2));
                context.Tell(context.Self, Number(3));
            }
        }

        harness.Engine.Register("a", Script(Play));
        harness.Engine.Register("b", Script(Play));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => seen.Count >= 4, "four messages were expected");
        Assert.Equal(
            [(Address("a"), null, 0L), (Address("b"), Address("a"), 1L), (Address("a"), Address("b"), 2L), (Address("b"),
                Address("b"), 3L)],
            seen.OrderBy(s => s.Number));
    }

    [Fact]
    public async Task What_a_message_carries_arrives_unchanged()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var seen = new ConcurrentQueue<RunRound>();
        harness.Engine.Register("a", Script((message, _) =>
        {
            if (message is RunRound run)
            {
                seen.Enqueue(run);
            }
        }));
        var nan = BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_1234);
        var broadcast = new ArraySet().Set("x", [1, -0.0, nan, double.NegativeInfinity], [2, 2]).Set("s", 3, Reduction.Max).Set(
            "none", [], [0, 5]);
        harness.Engine.Tell(
            Address("a"), new RunRound(new JobName("job"), new Attempt(2), 1, new ShardId(3), new Round(4), false, broadcast));
        await Reach(harness, () => !seen.IsEmpty, "the message never came");
        var got = seen.Single();
        Assert.Equal((new JobName("job"), new Attempt(2), new ShardId(3), new Round(4)), (got.Job, got.Attempt, got.Shard, got.Round));
        ArraySets.AssertSame(broadcast, got.Broadcast);
    }

    [Fact]
    public async Task Effects_happen_after_the_handler_has_returned()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var log = new ConcurrentQueue<string>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            if (message is not Activated)
            {
                context.Tell(Address("b"), Number(1));
                context.Schedule(TimeSpan.Zero, Number(1));
                Thread.Sleep(20);
                log.Enqueue("a");
                context.Stop();
            }
        }));
        harness.Engine.Register("b", Script((message, _) => log.Enqueue(message is Activated ? "B" : "b")));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => log.Count >= 3, "the message to the other actor was not carried out");
        Assert.Equal(["a", "B", "b"], log);
    }

    [Fact]
    public async Task A_handler_that_throws_has_no_effects()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var passed = RegisterClock(harness);
        var seen = new ConcurrentQueue<IMessage>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            if (message is TimerElapsed)
            {
                context.Tell(Address("b"), Number(1));
                context.Schedule(TimeSpan.Zero, Number(1));
                throw new InvalidOperationException("as the test wants it");
            }
        }));
        harness.Engine.Register("b", Script((message, _) => seen.Enqueue(message)));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => !harness.Failures.IsEmpty, "the exception was not reported");
        await Pass(harness, passed, 1, 200);
        Assert.Empty(seen);
        Assert.Single(harness.Failures);
    }

    [Fact]
    public async Task Timers_come_not_before_their_time_and_in_its_order()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var seen = new ConcurrentQueue<(long Number, TimeSpan Now, ActorAddress? Sender)>();
        var started = TimeSpan.Zero;
        harness.Engine.Register("a", Script((message, context) =>
        {
            if (message is Activated)
            {
                started = context.Now;
                foreach (var delay in new[] { 250, 20, 120 })
                {
                    context.Schedule(TimeSpan.FromMilliseconds(delay), Number(delay, "timer"));
                }
            }
            else if (message is TimerElapsed { Kind: "timer" } timer)
            {
                seen.Enqueue((timer.Number, context.Now - started, context.Sender));
            }
        }));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => seen.Count >= 3, "three timers were expected");
        Assert.Equal([20, 120, 250], seen.Select(s => s.Number));
        Assert.All(seen, s =>
            Assert.True(s.Now.TotalMilliseconds >= s.Number - 1, $"the timer of {s.Number} ms came after {s.Now.TotalMilliseconds} ms"));
        Assert.All(seen, s => Assert.Null(s.Sender));
    }

    [Fact]
    public async Task A_timer_of_an_ended_activation_is_dropped()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var passed = RegisterClock(harness);
        var seen = new ConcurrentQueue<IMessage>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            seen.Enqueue(message);
            if (message is TimerElapsed { Number: 0 })
            {
                context.Schedule(TimeSpan.FromMilliseconds(60), Number(99));
                context.Stop();
            }
        }));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => seen.Count >= 2, "the first activation never ran");
        await Pass(harness, passed, 1, 10);
        harness.Engine.Tell(Address("a"), Number(1));
        await Reach(harness, () => seen.Count >= 4, "the second activation never ran");
        await Pass(harness, passed, 2, 300);
        Assert.DoesNotContain(Number(99), seen);
        Assert.Equal(4, seen.Count);
    }

    [Fact]
    public async Task A_question_is_answered_once_to_the_activation_that_asked()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var passed = RegisterClock(harness);
        var seen = new ConcurrentQueue<(long Number, string Kind, ActorAddress? Sender)>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            switch (message)
            {
                case TimerElapsed { Kind: "ask" }:
                    context.Ask(new ClaimAttempt(new JobName("job")), reply => Number(((AttemptClaimed)reply).Attempt.Value, "answer"));
                    context.Ask(new FindCheckpoint(new JobName("job")), reply => Number(-1, reply.Error ?? "none"));
                    break;
                case TimerElapsed answer:
                    seen.Enqueue((answer.Number, answer.Kind, context.Sender));
                    break;
            }
        }));
        harness.Engine.Tell(Address("a"), Number(0, "ask"));
        await Reach(harness, () => seen.Count >= 2, "both answers were expected");
        await Pass(harness, passed, 1, 100);
        Assert.Equal([(-1L, "the counting store only claims", null), (1L, "answer", (ActorAddress?)null)], seen.OrderBy(s => s.Number));
    }

    [Fact]
    public async Task An_answer_never_reaches_another_activation()
    {
        var store = new CountingStore();
        await using var harness = CreateHarness(store, 2);
        var passed = RegisterClock(harness);
        var seen = new ConcurrentQueue<IMessage>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            seen.Enqueue(message);
            if (message is TimerElapsed { Kind: "ask" })
            {
                context.Ask(new ClaimAttempt(new JobName("job")), _ => Number(99, "answer"));
                context.Stop();
            }
        }));
        harness.Engine.Tell(Address("a"), Number(0, "ask"));
        harness.Engine.Tell(Address("a"), Number(1));
        await Reach(harness, () => store.Claims == 1 && seen.OfType<TimerElapsed>().Count() >= 2, "the question was not carried out");
        await Pass(harness, passed, 1, 200);
        Assert.DoesNotContain(Number(99, "answer"), seen);
        Assert.Equal(1, store.Claims);
    }

    [Fact]
    public async Task A_stopped_actor_is_activated_anew_with_a_new_instance()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var instances = 0;
        var seen = new ConcurrentQueue<(int Instance, IMessage Message)>();
        harness.Engine.Register("a", _ =>
        {
            var instance = Interlocked.Increment(ref instances);
            return new ScriptedActor((message, context) =>
            {
                seen.Enqueue((instance, message));
                if (message is TimerElapsed)
                {
                    context.Stop();
                }
            });
        });
        for (var i = 1; i <= 3; i++)
        {
            harness.Engine.Tell(Address("a"), Number(i));
            await Reach(harness, () => seen.Count >= 2 * i, $"activation {i} never ran");
        }

        Assert.Equal(
            [(1, new Activated()), (1, Number(1)), (2, new Activated()), (2, Number(2)), (3, new Activated()), (3, Number(3))], seen);
    }

    [Fact]
    public async Task Messages_that_wait_when_an_actor_stops_go_to_its_next_activation()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var numbers = new ConcurrentQueue<long>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            if (message is TimerElapsed number)
            {
                numbers.Enqueue(number.Number);
                context.Stop();
            }
        }));
        for (var i = 0; i < 20; i++)
        {
            harness.Engine.Tell(Address("a"), Number(i));
        }

        await Reach(harness, () => numbers.Count >= 20, "waiting messages were lost");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), numbers.Order());
    }

    [Fact]
    public async Task An_exception_is_reported_and_the_actor_is_activated_anew()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var instances = 0;
        var seen = new ConcurrentQueue<(int Instance, IMessage Message)>();
        harness.Engine.Register("a", _ =>
        {
            var instance = Interlocked.Increment(ref instances);
            return new ScriptedActor((message, _) =>
            {
                if (message is TimerElapsed { Number: 0 })
                {
                    throw new InvalidOperationException("as the test wants it");
                }

                seen.Enqueue((instance, message));
            });
        });
        harness.Engine.Tell(Address("a", 5), Number(0));
        await Reach(harness, () => !harness.Failures.IsEmpty, "the exception was not reported");
        harness.Engine.Tell(Address("a", 5), Number(1));
        await Reach(harness, () => seen.Count >= 3, "the actor was not activated anew");
        Assert.Equal([(1, new Activated()), (2, new Activated()), (2, Number(1))], seen);
        var (address, error) = Assert.Single(harness.Failures);
        Assert.Equal(Address("a", 5), address);
        Assert.Contains("as the test wants it", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_factory_that_throws_is_reported_and_tried_again_with_the_next_message()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var (calls, seen) = (0, new ConcurrentQueue<IMessage>());
        harness.Engine.Register("a", _ => Interlocked.Increment(ref calls) == 1
            ? throw new InvalidOperationException("as the test wants it")
            : new ScriptedActor((message, _) => seen.Enqueue(message)));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => !harness.Failures.IsEmpty, "the exception was not reported");
        harness.Engine.Tell(Address("a"), Number(1));
        await Reach(harness, () => seen.Contains(Number(1)), "the actor was not activated");
        Assert.Single(harness.Failures);
    }

    [Fact]
    public async Task Different_actors_run_at_the_same_time()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        if (harness.Parallelism < 2)
        {
            return;
        }

        using var together = new Barrier(2);
        var met = 0;
        harness.Engine.Register("a", Script((message, _) =>
        {
            if (message is TimerElapsed && together.SignalAndWait(Limit))
            {
                Interlocked.Increment(ref met);
            }
        }));
        harness.Engine.Tell(Address("a", 1), Number(0));
        harness.Engine.Tell(Address("a", 2), Number(0));
        await Reach(harness, () => Volatile.Read(ref met) == 2, "two actors never ran at the same time");
    }

    [Fact]
    public async Task No_more_handlers_run_at_once_than_allowed()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var (inside, most, done) = (0, 0, 0);
        harness.Engine.Register("a", Script((message, _) =>
        {
            if (message is TimerElapsed)
            {
                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref most, now);
                Thread.Sleep(5);
                Interlocked.Decrement(ref inside);
                Interlocked.Increment(ref done);
            }
        }));
        for (var i = 0; i < 20; i++)
        {
            harness.Engine.Tell(Address("a", i), Number(0));
        }

        await Reach(harness, () => Volatile.Read(ref done) == 20, "not every actor ran");
        Assert.InRange(most, 1, int.Max(1, harness.Parallelism));
    }

    [Fact]
    public async Task A_busy_actor_starves_neither_the_others_nor_its_own_messages()
    {
        await using var harness = CreateHarness(new CountingStore(), 1);
        var (rounds, other, stop) = (0L, 0, false);
        harness.Engine.Register("busy", Script((message, context) =>
        {
            if (message is TimerElapsed { Kind: "stop" })
            {
                stop = true;
            }
            else if (message is TimerElapsed && !stop)
            {
                rounds++;
                context.Tell(context.Self, Number(rounds));
            }
        }));
        harness.Engine.Register("other", Script((message, context) =>
        {
            if (message is TimerElapsed && Interlocked.Increment(ref other) == 10)
            {
                context.Tell(Address("busy"), Number(0, "stop"));
            }
        }));
        harness.Engine.Tell(Address("busy"), Number(0));
        for (var i = 0; i < 10; i++)
        {
            harness.Engine.Tell(Address("other"), Number(i));
        }

        await Reach(harness, () => Volatile.Read(ref stop), "the busy actor starved the others, or its own mailbox");
    }

    [Fact]
    public async Task Many_actors_each_count_their_own_messages()
    {
        const int actors = 200, messages = 20;
        await using var harness = CreateHarness(new CountingStore(), 4);
        var (done, instances) = (0, 0);
        harness.Engine.Register("a", _ =>
        {
            Interlocked.Increment(ref instances);
            var count = 0;
            return new ScriptedActor((message, context) =>
            {
                if (message is TimerElapsed number && ++count < messages)
                {
                    context.Tell(context.Self, Number(number.Number + 1));
                }
                else if (message is TimerElapsed)
                {
                    Interlocked.Increment(ref done);
                }
            });
        });
        for (var i = 0; i < actors; i++)
        {
            harness.Engine.Tell(Address("a", i), Number(0));
        }

        await Reach(harness, () => Volatile.Read(ref done) == actors, "not every actor ended");
        Assert.Equal(actors, instances);
        Assert.Empty(harness.Failures);
    }

    [Fact]
    public async Task A_message_to_a_kind_that_nobody_registered_is_reported_and_dropped()
    {
        await using var harness = CreateHarness(new CountingStore(), 2);
        var seen = new ConcurrentQueue<IMessage>();
        harness.Engine.Register("a", Script((message, context) =>
        {
            seen.Enqueue(message);
            if (message is TimerElapsed { Number: 0 })
            {
                context.Tell(Address("nobody", 2), Number(0));
                context.Tell(context.Self, Number(1));
            }
        }));
        harness.Engine.Tell(Address("nobody", 1), Number(0));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => harness.Failures.Count >= 2 && seen.Count >= 3, "both were to be reported, and the actor was to go on");
        Assert.Equal([Address("nobody", 1), Address("nobody", 2)],
            harness.Failures.Select(f => f.Address).OrderBy(a => a.Id, StringComparer.Ordinal));
        Assert.All(harness.Failures, f => Assert.Contains("nobody", f.Error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_runs_after_the_engine_has_ended()
    {
        var harness = CreateHarness(new CountingStore(), 2);
        var count = 0;
        harness.Engine.Register("a", Script((_, context) =>
        {
            Interlocked.Increment(ref count);
            context.Tell(context.Self, Number(0));
            context.Schedule(TimeSpan.FromMilliseconds(1), Number(1));
        }));
        harness.Engine.Tell(Address("a"), Number(0));
        await Reach(harness, () => Volatile.Read(ref count) > 10, "the actor never ran");
        await harness.DisposeAsync();
        var atEnd = Volatile.Read(ref count);
        harness.Engine.Tell(Address("a"), Number(0));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(atEnd, Volatile.Read(ref count));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            var was = Interlocked.CompareExchange(ref target, value, seen);
            if (was == seen)
            {
                return;
            }

            seen = was;
        }
    }
}
