using FitCluster.Models.Spec;


namespace FitCluster.Cli.Output;

/// <summary>The form of results on stdout.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>For programs.</summary>
    Json,
}

/// <summary>Reads the option --format.</summary>
internal static class OutputFormats
{
    public static OutputFormat Parse(string? text, ProblemList problems)
    {
        if (text is null or "table" or "json")
        {
            return text == "json" ? OutputFormat.Json : OutputFormat.Table;
        }

        problems.Add($"--format cannot be '{text}'{Nearest.Suggest(text, ["table", "json"])}");
        return OutputFormat.Table;
    }
}
