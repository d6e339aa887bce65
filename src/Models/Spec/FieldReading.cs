namespace FitCluster.Models.Spec;

/// <summary>A field of a section that is being read: its value as it was written, and where problems go.</summary>
/// <param name="section">The section.</param>
/// <param name="key">The field's name.</param>
/// <param name="folder">What paths of a spec file are relative to.</param>
public readonly struct FieldReading(SectionReader section, string key, string folder)
{
    /// <summary>The section, for values of the usual types.</summary>
    public SectionReader Section => section;

    /// <summary>The field's name.</summary>
    public string Key => key;

    /// <summary>Where the value was given.</summary>
    public Origin Origin => section.OriginOf(key)!.Value;

    /// <summary>The absolute path of an input: relative to the spec's folder, or to the current one on the command line.</summary>
    public string Resolve(string path) => PathResolver.Input(path, Origin, folder);

    /// <summary>Notes what is wrong with the value, in words that follow "it".</summary>
    public void Wrong(string problem) => section.Wrong(key, problem);

    /// <summary>Notes a problem with a part of the value.</summary>
    public void Note(string problem) => section.Note(key, problem);
}
