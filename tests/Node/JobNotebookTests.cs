using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class JobNotebookTests
{
    private static readonly JobName Job = new("job");

    private readonly JobNotebook _notebook = new();

    [Fact]
    public void What_is_noted_while_a_draft_is_written_makes_the_job_dirty_again()
    {
        _notebook.Note(Job, notes => notes.Events.Enqueue("one"));
        var notes = Assert.Single(_notebook.Dirty).Value;
        var draft = _notebook.Take(notes);
        Assert.Empty(_notebook.Dirty);
        Assert.False(_notebook.IsWritten);

        _notebook.Note(Job, more => more.Events.Enqueue("two"));
        Assert.Equal(["one"], draft.Events);
        _notebook.EventWritten(notes);
        _notebook.Return(notes, isWritten: true);
        Assert.Equal(["two"], _notebook.Take(Assert.Single(_notebook.Dirty).Value).Events);
    }

    [Fact]
    public void A_draft_that_was_not_written_is_taken_again_but_for_what_was()
    {
        _notebook.Note(Job, notes => notes.Events.Enqueue("one"));
        _notebook.Note(Job, notes => notes.Events.Enqueue("two"));
        var notes = Assert.Single(_notebook.Dirty).Value;
        _notebook.Take(notes);
        _notebook.EventWritten(notes);
        _notebook.Return(notes, isWritten: false);
        Assert.Equal(["two"], _notebook.Take(Assert.Single(_notebook.Dirty).Value).Events);
    }

    [Fact]
    public async Task Results_are_written_by_one_task_at_a_time_and_an_outcome_once()
    {
        var outcome = new FitOutcome(FitStatus.Stopped, "", new Round(1), null, [], null, [], 0);
        var (gate, begun) = (new TaskCompletionSource(), 0);
        _notebook.Note(Job, notes => notes.Outcome = outcome);
        var notes = Assert.Single(_notebook.Dirty).Value;
        _notebook.Take(notes);
        _notebook.Return(notes, isWritten: true);
        for (var i = 0; i < 2; i++)
        {
            _notebook.BeginEnd(notes, outcome, new Attempt(2), End);
        }

        var ending = Assert.Single(_notebook.Ending);
        Assert.Equal((Job, new Attempt(2)), (ending.Job, ending.Attempt));
        Assert.False(_notebook.IsWritten);
        gate.SetResult();
        await ending.Task;
        Assert.True(_notebook.IsWritten);
        _notebook.BeginEnd(notes, outcome, new Attempt(2), End);
        Assert.Equal(1, begun);

        async Task End()
        {
            Interlocked.Increment(ref begun);
            await gate.Task;
            _notebook.EndedEnd(Job, notes, outcome, isWritten: true);
        }
    }
}
