using System.Text;
using System.Text.RegularExpressions;

namespace FitCluster.Repository.Tests;

/// <summary>
/// What a document can be cited by: the numbers, titles and anchors of its headings, and the bold words that begin a paragraph.
/// </summary>
internal sealed partial class Document
{
    private readonly HashSet<string> _numbers = [];
    private readonly HashSet<string> _titles = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _anchors = [];

    public Document(string text)
    {
        foreach (Match heading in Heading().Matches(CodeBlock().Replace(text, "")))
        {
            var title = heading.Groups[1].Value.Trim();
            _anchors.Add(Anchor(title));
            var number = Number().Match(title);
            if (number.Success)
            {
                _numbers.Add(number.Groups[1].Value);
                title = title[number.Length..];
            }

            _titles.Add(title.Replace("`", "", StringComparison.Ordinal));
        }

        foreach (Match lead in Lead().Matches(text))
        {
            _titles.Add(lead.Groups[1].Value.TrimEnd('.'));
        }
    }

    public bool HasSection(string number) => _numbers.Contains(number);

    public bool HasTitle(string title) => _titles.Contains(title);

    public bool HasAnchor(string anchor) => _anchors.Contains(anchor);

    // As GitHub makes them: lower case, punctuation gone, spaces become hyphens.
    private static string Anchor(string title)
    {
        var anchor = new StringBuilder();
        foreach (var letter in title.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(letter) || letter is '-' or '_')
            {
                anchor.Append(letter);
            }
            else if (letter == ' ')
            {
                anchor.Append('-');
            }
        }

        return anchor.ToString();
    }

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)\.? ")]
    private static partial Regex Number();

    [GeneratedRegex(@"^(?:- )?\*\*([^*]+)\*\*", RegexOptions.Multiline)]
    private static partial Regex Lead();
}
