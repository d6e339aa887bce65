using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>Watches one simulated run: every answer that is counted, every attempt, every end.</summary>
internal sealed class Watch(PlainRun plain) : IFitObserver
{
    private readonly HashSet<(Attempt, Round, ShardId)> _counted = [];
    private readonly HashSet<Attempt> _attempts = [];

    public PlainRun Plain => plain;

    public Func<TimeSpan> Now { get; set; } = () => default;

    public FitOutcome? Outcome { get; private set; }

    public int Attempts => _attempts.Count;

    public List<string> Violations { get; } = [];

    public List<string> Log { get; } = [];

    public void Violate(string words) => Violations.Add($"{Now()}: {words}");

    /// <summary>With one seed alone, every message is logged.</summary>
    public void See(SimulatedHandling handling)
    {
        if (IsTalkative && handling.Message is not TimerElapsed { Kind: "tick" })
        {
            Log.Add($"{handling.Now}:     {handling.Actor}#{handling.Activation}{(handling.IsZombie ? " (zombie)" : "")} <- " +
                $"{handling.SenderActivation}: {Words(handling.Message)}");
        }
    }

    private static bool IsTalkative { get; } = Environment.GetEnvironmentVariable("FITCLUSTER_SEED") is { Length: > 0 };

    private static string Words(IMessage message)
    {
        var words = message.ToString()!;
        return words.Length > 160 ? words[..160] : words;
    }

    /// <summary>Each shard counts once a round, with an answer of the present attempt and load, that has the plain run's bits.</summary>
    public void Count(RoundAnswer answer, Attempt attempt, long load)
    {
        if (answer.Attempt != attempt || answer.Load != load)
        {
            Violate($"a stale answer was counted: shard {answer.Shard}, round {answer.Round}, of {answer.Attempt}/{answer.Load} instead " +
                $"of {attempt}/{load}");
        }

        if (!_counted.Add((attempt, answer.Round, answer.Shard)))
        {
            Violate($"shard {answer.Shard} was counted twice in round {answer.Round} of attempt {attempt}");
        }

        if (!PlainRun.AreSame(answer.Partial, plain.Partials[(int)answer.Round.Value - 1][answer.Shard.Value]))
        {
            Violate($"the answer of shard {answer.Shard} in round {answer.Round} has other bits than the plain run's");
        }
    }

    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
        Log.Add($"{Now()}: attempt {attempt} from {resumedFrom?.ToString() ?? "the beginning"}");
        if (!_attempts.Add(attempt))
        {
            Violate($"attempt {attempt} started twice");
        }
    }

    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
    {
        var expected = plain.Trace[(int)round.Value - 1];
        if (expected.Phase != report.Phase ||
            BitConverter.DoubleToInt64Bits(expected.Objective) != BitConverter.DoubleToInt64Bits(report.Objective))
        {
            Violate($"round {round} had {report.Phase} {report.Objective:R} instead of {expected.Phase} {expected.Objective:R}");
        }
    }

    public void OnEvent(JobName job, string words) => Log.Add($"{Now()}: {words}");

    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) => Log.Add($"{Now()}: checkpoint of round {round}");

    public void OnEnded(JobName job, FitOutcome outcome)
    {
        Log.Add($"{Now()}: {outcome.Status} {outcome.Reason}");
        if (outcome.Status == FitStatus.Interrupted)
        {
            return;
        }

        Outcome = outcome;
        if (outcome.Status != FitStatus.Converged)
        {
            Violate($"the run ended {outcome.Status}: {outcome.Reason}");
        }
        else if (!PlainRun.AreSame(outcome.GlobalResult!, plain.GlobalResult) ||
            !outcome.ShardResults.Zip(plain.ShardResults).All(pair => PlainRun.AreSame(pair.First, pair.Second)))
        {
            Violate("the results differ from the plain run's in their bits");
        }
        else if (!PlainRun.AreSame(outcome.Trace, plain.Trace))
        {
            Violate("the trace differs from the plain run's");
        }
    }
}
