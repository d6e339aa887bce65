using System.CommandLine;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>Options of the command line that come from tables of fields: one for each flag, whichever models have it.</summary>
internal static class ModelOptions
{
    /// <summary>The options of several models' tables, in the order in which they first stand there. A switch gives "true".</summary>
    public static IEnumerable<Option<string?>> Of(IEnumerable<(string Model, SpecTable Fields)> tables)
    {
        var fields = tables.SelectMany(
            table => table.Fields.Fields.Where(field => field.Flag is not null).Select(field => (table.Model, Field: field))).ToList();
        var models = fields.Select(field => field.Model).Distinct().Count();
        foreach (var flag in fields.GroupBy(field => field.Field.Flag!))
        {
            var first = flag.First().Field;
            var words = flag.Select(field => (field.Model, Words: Words(field.Field))).ToList();
            // What all models have means the same: it is said once.
            var isShared = words.Count == models && words.DistinctBy(word => word.Words).Count() == 1;
            var description = isShared ? words[0].Words : string.Join("; ", words.Select(word => $"{word.Model}: {word.Words}"));
            yield return first.IsSwitch
                ? new Option<string?>(flag.Key) { Description = description, Arity = ArgumentArity.Zero, CustomParser = _ => "true" }
                : Options.Text(flag.Key, first.ValueName, description);
        }
    }

    private static string Words(SpecField field) => field.IsSwitch ? field.Help : $"{field.Help} (default {field.ShownDefault})";
}
