"""Reports that CI systems read: GitHub, GitLab, whatever takes SARIF or JUnit, and Markdown for their summaries.

sarif   results in code scanning      github   annotations           gitlab   Code Quality
junit   a case a finding              markdown a summary             pointed  what all of them say, and where
"""
