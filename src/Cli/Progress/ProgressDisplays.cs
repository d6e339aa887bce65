using FitCluster.Models.Spec;


namespace FitCluster.Cli.Progress;

/// <summary>Chooses how progress is shown.</summary>
internal static class ProgressDisplays
{
    private static readonly string[] Names = ["auto", "bar", "plain", "none"];

    /// <summary>Checks the option --progress.</summary>
    public static string Parse(string? text, ProblemList problems)
    {
        if (text is null || Names.Contains(text))
        {
            return text ?? "auto";
        }

        problems.Add($"--progress cannot be '{text}'{Nearest.Suggest(text, Names)}");
        return "auto";
    }

    /// <param name="kind">auto, bar, plain or none.</param>
    /// <param name="rows">The rows of the data, for the rate.</param>
    public static IProgressDisplay Create(string kind, long rows) => kind switch
    {
        "none" => new QuietProgress(),
        "bar" => new BarProgress(rows),
        "auto" when !Console.IsErrorRedirected => new BarProgress(rows),
        _ => new PlainProgress(rows),
    };

    private sealed class QuietProgress : IProgressDisplay
    {
        public void Message(string sentence) => Console.Error.WriteLine(sentence);

        public void Round(Math.Models.RoundReport report, long round, double seconds)
        {
        }

        public void Done(double share, string words)
        {
        }

        public void Checkpoint(long round)
        {
        }

        public void Dispose()
        {
        }
    }
}
