using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private const string PeekFind = "peek: find";
    private const string PeekPart = "peek: part";
    private const string Claim = "claim";
    private const string Find = "find";
    private const string Wake = "wake";
    private const string LoadOwn = "load";

    private CheckpointManifest? _base;
    private bool _isClaimed;
    private bool _endedEarly;
    private string _endedEarlyReason = "";
    private double _earlierSeconds;
    private TimeSpan _startedAt;

    private Round BaseRound => _base?.Round ?? default;

    private void Peek(IActorContext context)
    {
        _stage = Stage.Peeking;
        Ask(PeekFind, new FindCheckpoint(_job), context);
    }

    private void Start(StartJob start, IActorContext context)
    {
        if (start.Job != _job)
        {
            return;
        }

        if (_stage is Stage.Starting or Stage.Running or Stage.Finishing or Stage.Collecting)
        {
            // The same spec again is the same job, whatever comes of it.
            if (start.SpecHash != _start!.SpecHash || start.DataHash != _start.DataHash)
            {
                Refuse(start, _start, context);
            }

            return;
        }

        if (_stage == Stage.Ended && _outcome is { } outcome && start == _start)
        {
            // Who asks has not heard of the end yet. Another text under the same hash may have a larger limit.
            observer.OnEnded(_job, outcome);
            return;
        }

        _start = start;
        _interrupt = null;
        BeginStart(context);
    }

    private void Refuse(StartJob asked, StartJob known, IActorContext context)
    {
        var reason = $"the name {_job} belongs to a job with {Difference(asked, known)}: give the new job another name, or " +
            "remove the old one's checkpoints";
        Say(reason);
        if (context.Sender is { } sender)
        {
            context.Tell(sender, new JobRefused(_job, reason));
        }
    }

    private static string Difference(StartJob asked, StartJob known) =>
        asked.SpecHash != known.SpecHash ? "another spec" : "other data";

    /// <summary>Claims an attempt, then finds: nothing older can be committed in between.</summary>
    private void BeginStart(IActorContext context)
    {
        var isAsleep = _stage is Stage.Idle or Stage.Ended;
        _stage = Stage.Starting;
        _questions.Clear();
        (_pending, _base, _report, _slots, _isClaimed, _culprit, _outcome) = (null, null, null, [], false, null, null);
        (_isPausing, _limit, _endedEarly) = (false, null, false);
        Ask(Claim, new ClaimAttempt(_job), context);
        if (isAsleep)
        {
            ScheduleTick(context);
        }
    }

    /// <summary>Makes the model of the spec. After the claim, so that a failure can be noted under an attempt of its own.</summary>
    private bool Open(int restarts, IActorContext context)
    {
        try
        {
            _settings = settingsOf(_start!.Spec);
            var job = open(_start!.Spec);
            _model = job.Model;
            if (_settings.Problems() is [_, ..] problems)
            {
                throw new ArgumentException(string.Join("; ", problems));
            }

            if (job.Shards != _start.Shards || job.Shards < 1)
            {
                throw new ArgumentException($"the job has {job.Shards} shards, but was asked for with {_start.Shards}");
            }
        }
        catch (JobNotHereException error) when (restarts + 1 < _settings.OpenTries)
        {
            GoElsewhere(error.Message, context);
            return false;
        }
        catch (Exception error)
        {
            End(FitStatus.Failed, $"job {_job} could not be opened: {error.Message}", context);
            return false;
        }

        return true;
    }

    /// <summary>Losses of shards are counted by the coordinator; those it did not survive only the store can count.</summary>
    private bool IsGivenUp(int restarts, IActorContext context)
    {
        if (restarts < _settings.JobRestarts)
        {
            return false;
        }

        End(FitStatus.Failed,
            $"job {_job} was begun {restarts} times without coming to a checkpoint, and its coordinator was lost each time: " +
            "a shard on the same node may use up its memory; use more shards or more memory, or let coordinators be on nodes of their " +
            "own (--capacity 0), and resume it", context);
        return true;
    }

    private void Ask(string purpose, StoreRequest request, IActorContext context) =>
        _questions.Ask(purpose, request, AskAgainDelay, context);

    private void TakeAnswer(StoreAnswered answer, IActorContext context)
    {
        if (_questions.Find(answer) is not { } question)
        {
            return;
        }

        var reply = answer.Reply;
        if (reply.IsFenced)
        {
            StandDown(context);
        }
        else if (IsAtWork)
        {
            TakeCheckpointAnswer(question, reply, context);
        }
        else if (reply.IsCorrupt && question.Purpose is LoadOwn or PeekPart)
        {
            // Whole when it was found, damaged since: find again, which passes over it.
            Say($"the coordinator's part of the newest checkpoint of job {_job} is damaged: {reply.Error}");
            _questions.Close(question.Purpose);
            Ask(question.Purpose == LoadOwn ? Find : PeekFind, new FindCheckpoint(_job), context);
        }
        else if (reply.Error is { } error)
        {
            if (_questions.Postpone(question, context.Now + TimeSpan.FromSeconds(_settings.RetrySeconds)) > _settings.StoreTries)
            {
                GiveUpOnStore(question.Request, error, context);
            }
        }
        else
        {
            _questions.Close(question.Purpose);
            TakeStartAnswer(reply, context);
        }
    }

    private void TakeStartAnswer(StoreReply reply, IActorContext context)
    {
        switch (reply)
        {
            case AttemptClaimed claimed:
                (_attempt, _isClaimed) = (claimed.Attempt, true);
                _start = _start! with { Spec = claimed.Spec ?? _start.Spec };
                if (_interrupt is { } reason)
                {
                    End(FitStatus.Interrupted, reason, context);
                }
                else if (Open(claimed.Restarts, context) && !IsGivenUp(claimed.Restarts, context))
                {
                    Ask(Find, new FindCheckpoint(_job), context);
                }

                break;
            case JobHasEnded:
                Rest(context);
                break;
            case CheckpointFound found when _stage == Stage.Peeking:
                TakePeeked(found.Manifest, context);
                break;
            case CheckpointFound found:
                TakeFound(found, context);
                break;
            case PartLoaded part:
                TakeOwnPart(part.State, context);
                break;
        }
    }

    private void TakePeeked(CheckpointManifest? manifest, IActorContext context)
    {
        if (manifest is null)
        {
            Rest(context);
            return;
        }

        Ask(PeekPart, OwnPartOf(manifest), context);
    }

    private LoadPart OwnPartOf(CheckpointManifest manifest)
    {
        var part = manifest.Parts.First(p => p.Shard == CoordinatorPart.Id);
        return new LoadPart(_job, part.Attempt, manifest.Round, part.Shard, part.Checksum);
    }

    private void TakeFound(CheckpointFound found, IActorContext context)
    {
        foreach (var passedOver in found.PassedOver)
        {
            Say($"passed over: {passedOver}");
        }

        if (found.Manifest is not { } manifest)
        {
            // Found before, perhaps, and damaged since.
            _base = null;
            (_global, _round, _endedEarly, _endedEarlyReason, _limit, _earlierSeconds) =
                (_model.InitialGlobal(), default, false, "", null, 0);
            _trace.Clear();
            BeginRounds(null, context);
            return;
        }

        if (manifest.SpecHash != _start!.SpecHash || manifest.DataHash != _start.DataHash)
        {
            var known = _start with { SpecHash = manifest.SpecHash, DataHash = manifest.DataHash };
            Refuse(_start, known, context);
            End(FitStatus.Refused,
                $"the checkpoints of job {_job} are of {Difference(_start, known)}: give the new job another name, or remove them",
                context);
            return;
        }

        _base = manifest;
        Ask(LoadOwn, OwnPartOf(manifest), context);
    }

    private void TakeOwnPart(ArraySet state, IActorContext context)
    {
        CoordinatorPart part;
        try
        {
            part = CoordinatorPart.Decode(_job, state);
        }
        catch (Exception error) when (error is InvalidDataException or KeyNotFoundException or ArgumentException)
        {
            End(FitStatus.Failed, error.Message, context);
            return;
        }

        if (_stage == Stage.Peeking)
        {
            if (part.Status == FitStatus.Running)
            {
                _start = part.Start;
                Say($"job {_job} has no coordinator any more: this one goes on with it");
                BeginStart(context);
            }
            else
            {
                Rest(context);
            }

            return;
        }

        try
        {
            _model.GlobalFormat?.Check(part.Global);
        }
        catch (StateFormatException error)
        {
            End(FitStatus.Failed, $"job {_job} cannot go on from round {_base!.Round}: {error.Message}", context);
            return;
        }

        if (GoesBack(part, context))
        {
            return;
        }

        (_global, _round, _endedEarly, _endedEarlyReason, _limit) =
            (part.Global, _base!.Round, part.EndedEarly, part.EndedEarlyReason, part.Limit);
        _earlierSeconds = part.Seconds;
        _trace.Clear();
        _trace.AddRange(part.Trace);
        BeginRounds(part.Status, context);
    }

    /// <summary>There is nothing to do, unless someone says otherwise soon.</summary>
    private void Rest(IActorContext context)
    {
        _stage = Stage.Idle;
        _questions.Clear();
        ScheduleLinger(context);
    }

    private void GiveUpOnStore(StoreRequest request, string error, IActorContext context)
    {
        if (_stage == Stage.Peeking)
        {
            Rest(context);
            return;
        }

        End(FitStatus.Failed,
            $"the checkpoint store failed {_settings.StoreTries} times at {request.GetType().Name} of job {_job}, the last time: {error}",
            context);
    }
}
