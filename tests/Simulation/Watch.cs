using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>Watches one simulated run: every answer that is counted, every attempt, every end.</summary>
/// <param name="plain">What the fit has to come to.</param>
/// <param name="stopped">What it has to come to first, when a limit stops it and it is gone on with.</param>
internal sealed class Watch(PlainRun plain, PlainRun? stopped = null) : IFitObserver
{
    private readonly HashSet<(Attempt, Round, ShardId)> _counted = [];
    private readonly HashSet<Attempt> _attempts = [];
    private PlainRun _wanted = stopped ?? plain;
    private Attempt _superseded;

    /// <summary>All that a round may have come to.</summary>
    public IReadOnlyList<PlainRun> Plains { get; } = stopped is null ? [plain] : [stopped, plain];

    /// <summary>Is told of an end whose results are still to be read; reads them at once by default.</summary>
    public Action<FitOutcome>? Ended { get; set; }

    public Func<TimeSpan> Now { get; set; } = () => default;

    /// <summary>The end, once its results were read.</summary>
    public FitOutcome? Outcome { get; private set; }

    public int Attempts => _attempts.Count;

    public List<string> Violations { get; } = [];

    public List<string> Log { get; } = [];

    public void Violate(string words) => Violations.Add($"{Now()}: {words}");

    /// <summary>The limit is raised: from now on the other end is wanted, and coordinators from before have no say.</summary>
    public void GoOn(Attempt newest) => (_wanted, _superseded, Outcome) = (plain, newest, null);

    /// <summary>Whether it is of a coordinator from before the limit was raised.</summary>
    public bool IsSuperseded(FitOutcome outcome) => outcome.Attempt <= _superseded;

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

        var at = (int)answer.Round.Value - 1;
        if (!Plains.Any(p => at < p.Partials.Count && PlainRun.AreSame(answer.Partial, p.Partials[at][answer.Shard.Value])))
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
        var at = (int)round.Value - 1;
        if (!Plains.Any(p => at < p.Trace.Count && PlainRun.AreSame([p.Trace[at]], [new TraceLine(round, report.Phase, report.Objective)])))
        {
            Violate($"round {round} had {report.Phase} {report.Objective:R}, which no plain run had");
        }
    }

    public void OnEvent(JobName job, string words) => Log.Add($"{Now()}: {words}");

    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) => Log.Add($"{Now()}: checkpoint of round {round}");

    public void OnEnded(JobName job, FitOutcome outcome)
    {
        Log.Add($"{Now()}: {outcome.Status} {outcome.Reason}");
        if (outcome.Status == FitStatus.Interrupted || IsSuperseded(outcome))
        {
            return;
        }

        if (outcome.Status != (_wanted.HasConverged ? FitStatus.Converged : FitStatus.Stopped))
        {
            Outcome = outcome;
            Violate($"the run ended {outcome.Status}: {outcome.Reason}");
            return;
        }

        if (!PlainRun.AreSame(outcome.GlobalResult!, _wanted.GlobalResult))
        {
            Violate("the results differ from the plain run's in their bits");
        }
        else if (!PlainRun.AreSame(outcome.Trace, _wanted.Trace))
        {
            Violate("the trace differs from the plain run's");
        }

        var parts = ((ResultParts)outcome.ShardResults).Parts;
        if (parts.FirstOrDefault(part => part.Attempt != outcome.Attempt) is { } other)
        {
            Violate($"the results of attempt {outcome.Attempt} have a part of shard {other.Shard} that attempt {other.Attempt} saved");
        }

        (Ended ?? Read)(outcome);
    }

    /// <summary>Reads the results part by part, as who writes them does, and takes the end for done.</summary>
    /// <exception cref="ResultPartException">A part is damaged, or the store is away.</exception>
    public void Read(FitOutcome outcome)
    {
        if (!outcome.ShardResults.Zip(_wanted.ShardResults).All(pair => PlainRun.AreSame(pair.First, pair.Second)))
        {
            Violate("the shards' results differ from the plain run's in their bits");
        }

        Outcome = outcome;
    }
}
