using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// The actor that sees to it that every submitted job has a coordinator ("directory", "jobs"; one per cluster). It keeps nothing: each
/// second it asks the store for the jobs that have not ended, and tells their coordinators what they should know already.
/// </summary>
public sealed class JobDirectory : IActor
{
    /// <summary>The kind of the directory.</summary>
    public const string Kind = "directory";

    private const string Tick = "tick";

    /// <summary>A coordinator that has not reported for so long is told its job again.</summary>
    private const double SilentSeconds = 5;

    /// <summary>So many coordinators are told at once; the others a second later.</summary>
    private const int MostAtOnce = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>An answer that has not come after so long will not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private long _questions;
    private TimeSpan? _askedAt;

    /// <summary>The address of the directory.</summary>
    public static ActorAddress Address { get; } = new(Kind, "jobs");

    /// <summary>Simulation only: false leaves silent coordinators to themselves, to prove that the simulation would notice.</summary>
    internal bool TellsSilent { get; init; } = true;

    /// <inheritdoc/>
    public void Receive(IMessage message, IActorContext context)
    {
        switch (message)
        {
            case Activated:
                Look(context);
                context.Schedule(Pause, new TimerElapsed(Tick, 0));
                break;
            case TimerElapsed { Kind: Tick }:
                Look(context);
                context.Schedule(Pause, message);
                break;
            case WakeDirectory:
                Look(context);
                break;
            case StoreAnswered answer when answer.Number == _questions:
                _askedAt = null;
                if (answer.Reply is OpenJobsFound found)
                {
                    foreach (var (job, command) in Decide(
                        TellsSilent ? found : found with { Jobs = [.. found.Jobs.Select(job => job with { SilentSeconds = 0 })] }))
                    {
                        context.Tell(ShardAddress.OfCoordinator(job), command);
                    }
                }

                break;
            case Draining:
                context.Stop();
                break;
        }
    }

    /// <summary>
    /// What to tell whom: queued jobs are started in the order they were submitted while their shards fit (one that is larger than the
    /// cluster runs alone, and none overtakes); those whose coordinator is silent are started again; those to be cancelled are interrupted.
    /// </summary>
    public static IReadOnlyList<(JobName Job, IMessage Message)> Decide(OpenJobsFound found)
    {
        var commands = new List<(JobName, IMessage)>();
        var taken = found.Jobs.Where(job => job.IsRunning).Sum(job => (long)job.Submission.Shards);
        var isOpen = true;
        foreach (var job in found.Jobs)
        {
            var name = job.Submission.Job;
            if (job.IsRunning)
            {
                if (job.SilentSeconds > SilentSeconds)
                {
                    commands.Add((name, StartOf(job)));
                }

                if (job.CancelWanted)
                {
                    commands.Add((name, new InterruptJob(name, "it was cancelled")));
                }
            }
            else if (isOpen && (taken + job.Submission.Shards <= found.Capacity || taken == 0) && commands.Count < MostAtOnce)
            {
                taken += job.Submission.Shards;
                commands.Add((name, StartOf(job)));
            }
            else
            {
                isOpen = false;
            }
        }

        return commands;
    }

    private static StartJob StartOf(OpenJob job)
    {
        var submission = job.Submission;
        return new StartJob(submission.Job, submission.Spec, submission.SpecHash, submission.DataHash, submission.Shards);
    }

    private void Look(IActorContext context)
    {
        if (_askedAt is { } since && context.Now - since < Patience)
        {
            return;
        }

        _askedAt = context.Now;
        var number = ++_questions;
        context.Ask(new ListOpenJobs(), reply => new StoreAnswered("open jobs", number, reply));
    }
}
