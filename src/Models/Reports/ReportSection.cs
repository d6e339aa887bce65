namespace FitCluster.Models.Reports;

/// <summary>A section of a report.</summary>
/// <param name="Title">Its title: text.</param>
/// <param name="Html">Its content: HTML with inline SVG, which needs nothing else.</param>
public sealed record ReportSection(string Title, string Html);
