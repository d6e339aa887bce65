using FitCluster.Engine;

namespace FitCluster.Coordinator;

/// <summary>
/// What the coordinator waits for from the store, at most one question of each purpose. An answer may fail or never come.
/// </summary>
internal sealed class StoreQuestions
{
    private readonly SortedDictionary<string, Question> _open = new(StringComparer.Ordinal);
    private long _number;

    /// <summary>Asks. An open question of the same purpose is forgotten.</summary>
    public void Ask(string purpose, StoreRequest request, TimeSpan patience, IActorContext context)
    {
        var tries = _open.TryGetValue(purpose, out var before) ? before.Tries : 0;
        Send(new Question(purpose, request, ++_number, context.Now + patience, tries), context);
    }

    /// <summary>Takes an answer; null if its question is not open any more. The question stays open until <see cref="Close"/>.</summary>
    public Question? Find(StoreAnswered answer) =>
        _open.TryGetValue(answer.Purpose, out var question) && question.Number == answer.Number ? question : null;

    /// <summary>The question is answered, or of no interest any more.</summary>
    public void Close(string purpose) => _open.Remove(purpose);

    /// <summary>Nothing is of interest any more.</summary>
    public void Clear() => _open.Clear();

    /// <summary>Whether a question of this purpose is open.</summary>
    public bool IsOpen(string purpose) => _open.ContainsKey(purpose);

    /// <summary>It failed: it will be asked again at this time. Returns how often it has been tried.</summary>
    public int Postpone(Question question, TimeSpan until)
    {
        _open[question.Purpose] = question with { Due = until, Number = ++_number, Tries = question.Tries + 1 };
        return question.Tries + 1;
    }

    /// <summary>Asks again what is overdue. Returns the questions that were, with their new numbers.</summary>
    public IReadOnlyList<Question> AskAgain(TimeSpan patience, IActorContext context)
    {
        var late = _open.Values.Where(question => context.Now >= question.Due).ToList();
        return [.. late.Select(question =>
            Send(question with { Number = ++_number, Due = context.Now + patience, Tries = question.Tries + 1 }, context))];
    }

    private Question Send(Question question, IActorContext context)
    {
        _open[question.Purpose] = question;
        var (purpose, number) = (question.Purpose, question.Number);
        context.Ask(question.Request, reply => new StoreAnswered(purpose, number, reply));
        return question;
    }

    internal sealed record Question(string Purpose, StoreRequest Request, long Number, TimeSpan Due, int Tries);
}
