using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>
/// A cluster's store in memory: the table of jobs with the rules of the real one (what is fenced, what may follow
/// what), and each job's faulty checkpoints.
/// </summary>
internal sealed class SimulatedJobs(
    Func<TimeSpan> now, Func<JobName, FaultyStore> makeStore, long capacity, Action<string> violate) :
    ICheckpointStore
{
    private readonly List<Row> _rows = [];

    public IReadOnlyList<Row> Rows => _rows;

    public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
    {
        if (request is ListOpenJobs)
        {
            return ValueTask.FromResult<StoreReply>(
                new OpenJobsFound([.. _rows.Where(row => row.IsOpen).Select(row => row.ToOpen(now()))], capacity));
        }

        if (_rows.All(known => known.Submission.Job != request.Job))
        {
            return ValueTask.FromResult<StoreReply>(
                request is FindCheckpoint ? new CheckpointFound(null, []) : new StoreReply($"there is no job {request.Job}"));
        }

        var row = Find(request.Job);
        if (request is ClaimAttempt && !row.IsOpen)
        {
            return ValueTask.FromResult<StoreReply>(new JobHasEnded());
        }

        var reply = row.Store.Handle(request, cancellation).AsTask().GetAwaiter().GetResult();
        if (reply is AttemptClaimed claimed)
        {
            row.Newest = claimed.Attempt;
            reply = claimed with { Spec = row.Submission.Spec };
        }

        return ValueTask.FromResult(reply);
    }

    /// <summary>The same job again is the same job; one that a limit stopped goes on with another text.</summary>
    public Submitted Submit(JobSubmission submission)
    {
        if (_rows.All(row => row.Submission.Job != submission.Job))
        {
            _rows.Add(new Row(submission, makeStore(submission.Job)));
            return Submitted.New;
        }

        var row = Find(submission.Job);
        if (row.State != JobState.Stopped || row.Submission.Spec == submission.Spec)
        {
            return Submitted.Same;
        }

        // Who ended it may say so again, and is refused.
        row.Newest = ((AttemptClaimed)row.Store.Handle(new ClaimAttempt(submission.Job)).AsTask().GetAwaiter().GetResult()).Attempt;
        (row.Submission, row.State, row.CancelWanted) = (submission, JobState.Queued, false);
        return Submitted.GoesOn;
    }

    public void Cancel(JobName job)
    {
        var row = Find(job);
        (row.CancelWanted, row.State) =
            row.State == JobState.Running ? (true, row.State) : (false, row.State == JobState.Queued ? JobState.Cancelled : row.State);
    }

    public void Resume(JobName job)
    {
        var row = Find(job);
        if (row.State is JobState.Running or JobState.Cancelled or JobState.Failed)
        {
            (row.CancelWanted, row.State) = (false, row.State == JobState.Running ? row.State : JobState.Queued);
        }
    }

    public bool Report(JobName job, Attempt attempt)
    {
        var row = Find(job);
        if (row.Newest > attempt || !row.IsOpen)
        {
            return false;
        }

        (row.State, row.Reported) = (JobState.Running, now());
        return true;
    }

    public void End(JobName job, Attempt attempt, JobState state, Round? resume)
    {
        var row = Find(job);
        if (row.Newest > attempt || !row.IsOpen)
        {
            return;
        }

        (row.State, row.CancelWanted) = (state, false);
        if (state == JobState.Stopped)
        {
            row.Store.Drop(job, attempt, resume);
        }
        else if (state == JobState.Converged)
        {
            row.Store.Drop(job, attempt, null);
            if (++row.Ends > 1)
            {
                violate($"{job} ended {row.Ends} times");
            }
        }
    }

    public Row Find(JobName job) => _rows.Single(row => row.Submission.Job == job);

    /// <summary>One job.</summary>
    internal sealed class Row(JobSubmission submission, FaultyStore store)
    {
        public JobSubmission Submission { get; set; } = submission;

        public FaultyStore Store => store;

        public JobState State { get; set; }

        public bool CancelWanted { get; set; }

        public TimeSpan Reported { get; set; }

        public Attempt Newest { get; set; }

        public int Ends { get; set; }

        public bool IsOpen => State is JobState.Queued or JobState.Running;

        public OpenJob ToOpen(TimeSpan now) =>
            new(Submission, State == JobState.Running, CancelWanted, State == JobState.Running ? (now - Reported).TotalSeconds : 0);
    }
}

/// <summary>
/// What the recorder of a node does: notes what a coordinator says, and writes it down a little later, unless the node dies before.
/// </summary>
internal sealed class SimulatedRecorder(JobName job, Watch watch, SimulatedJobs jobs, SimulatedEngine engine, Func<bool> isLost)
    : IFitObserver
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    public void OnStarted(JobName name, Round? resumedFrom, Attempt attempt)
    {
        watch.OnStarted(name, resumedFrom, attempt);
        Report(attempt);
    }

    public void OnRound(JobName name, Math.Models.RoundReport report, Round round, double secondsSinceStart) =>
        watch.OnRound(name, report, round, secondsSinceStart);

    public void OnEvent(JobName name, string words) => watch.OnEvent(name, words);

    public void OnCheckpoint(JobName name, Round round, long bytes, double seconds) => watch.OnCheckpoint(name, round, bytes, seconds);

    public void OnShards(JobName name, Attempt attempt, IReadOnlyList<ShardStatus> shards) => Report(attempt);

    public void OnEnded(JobName name, FitOutcome outcome)
    {
        watch.Ended = _ => { };
        watch.OnEnded(name, outcome);
        End(outcome);
    }

    private void Report(Attempt attempt)
    {
        Later(Pause, () =>
        {
            if (!jobs.Report(job, attempt) && !jobs.Find(job).IsOpen)
            {
                // Nobody waits for this any more.
                engine.Tell(ShardAddress.OfCoordinator(job), new InterruptJob(job, "it has ended already"));
            }
        });
    }

    private void End(FitOutcome outcome) => Later(Beat, () =>
    {
        try
        {
            if (outcome.Status is FitStatus.Converged or FitStatus.Stopped && !watch.IsSuperseded(outcome))
            {
                watch.Read(outcome);
            }
        }
        catch (ResultPartException error)
        {
            // Damaged; or an older attempt's, which the newer one's have replaced: then nobody minds.
            engine.Tell(ShardAddress.OfCoordinator(job), new CollectAgain(job, outcome.Attempt, error.Message));
            return;
        }

        jobs.End(job, outcome.Attempt, outcome.Status switch
        {
            FitStatus.Converged => JobState.Converged,
            FitStatus.Stopped => JobState.Stopped,
            FitStatus.Interrupted => JobState.Cancelled,
            _ => JobState.Failed,
        }, outcome.Resume?.Round);
    });

    private void Later(TimeSpan pause, Action write)
    {
        if (!isLost())
        {
            engine.At(engine.Now + pause, write);
        }
    }
}
